"""The scripts of ``chat/lua``, each with the functions that all of them share in front."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Script:
    sha: str
    source: str


def _scripts() -> Iterator[tuple[str, Script]]:
    folder = Path(__file__).parents[1] / "lua"
    shared = (folder / "lib.lua").read_text("utf-8")
    for path in sorted(folder.glob("*.lua")):
        if path.stem != "lib":
            source = shared + path.read_text("utf-8")
            yield path.stem, Script(hashlib.sha1(source.encode()).hexdigest(), source)


#: By the names of their files.
SCRIPTS = dict(_scripts())
