"""The scripts of ``chat/lua``, each with the functions of ``LIBRARIES`` that it needs in front.

The store makes these functions anew for each call, so those that are not needed would cost time.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Files of ``chat/lua`` with functions that scripts share; the second's use the first's.
LIBRARIES = ("lib.lua", "lib_stream.lua")


@dataclass(frozen=True)
class Script:
    """A script: its source, and the digest by which the store knows it."""

    sha: str
    source: str


def _functions(library: str) -> dict[str, str]:
    """The functions of a library, by name. Each is a paragraph, with its comment."""
    found = re.finditer(r"^(?:--.*\n)*local function (\w+)\(.*\n(?:.+\n)*", library, re.MULTILINE)
    return {function[1]: function[0] for function in found}


def _scripts() -> Iterator[tuple[str, Script]]:
    folder = Path(__file__).parents[1] / "lua"
    shared: dict[str, str] = {}
    for library in LIBRARIES:
        shared |= _functions((folder / library).read_text("utf-8"))
    for path in sorted(folder.glob("*.lua")):
        if path.name not in LIBRARIES:
            source = path.read_text("utf-8")
            # From the last to the first: a function calls only those that stand before it.
            for name, text in reversed(shared.items()):
                if re.search(rf"\b{name}\(", source):
                    source = text + source
            yield path.stem, Script(hashlib.sha1(source.encode()).hexdigest(), source)


#: By the names of their files.
SCRIPTS = dict(_scripts())
