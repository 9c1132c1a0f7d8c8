"""The settings that modules of this folder read: which store Maru uses."""

from pathlib import Path
from typing import Protocol


class StoreSettings(Protocol):
    """``embedded`` says whether Maru runs a Valkey of its own, in ``data_dir``."""

    @property
    def embedded(self) -> bool: ...

    @property
    def data_dir(self) -> Path: ...
