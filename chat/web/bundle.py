"""Bundles the JavaScript modules of a page into one file, so that a browser fetches one, not sixty.

It understands only these forms of import and export, which Maru's own modules use, and refuses
others:

    import { name, name as other } from './module.js';
    import * as name from './module.js';
    import './module.js';
    export const name = …    export function name(…)    export async function …    export class …

Each must begin its line, and no template literal may span lines. A module becomes a function that
is called once and returns the module's exports. So its names stay local, and it runs after all
modules that it imports, as in a browser. The exports are read once, after the module has run. So
only ``const`` can be exported, and modules must not import each other in a circle.

Third-party modules (``static/vendor``) are taken as they are. They import nothing; their one
``export { inner as outer, … };`` stands at the end, or they have none.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

#: The folder of third-party modules, under ``static/``.
_VENDOR = "vendor/"
_VENDOR_EXPORT = re.compile(r"export\s*\{([^{}]*)\};?\s*\Z")
_VENDOR_IMPORT = re.compile(r"^\s*import\b|\bimport\s*\(", re.MULTILINE)
#: Tells developer tools of a file that is not there.
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)
_IMPORT = re.compile(
    r"^import\s+(?:(?:\{(?P<names>[^}]*)\}|\*\s+as\s+(?P<whole>\w+))\s+from\s+)?"
    r"'(?P<target>\.[^']+)';$",
    re.MULTILINE,
)
_EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function|class) (\w+)\b)", re.MULTILINE)
#: No literal spans lines, so what a line begins with is never part of one.
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
#: A comment on lines of its own. Comments are a third of the modules' bytes.
_COMMENT_LINES = re.compile(
    r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.DOTALL | re.MULTILINE
)
_NO_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\\.")
_COMMENT_WITHIN = re.compile(r"/\*.*?\*/")
#: Forms that remain after the known ones have been replaced; also ``import(`` and ``import.meta``.
_UNKNOWN = re.compile(r"^\s*(?:import|export)\b.*$|\bimport\s*[(.].*$", re.MULTILINE)
_NAME = re.compile(r"^(\w+)(?:\s+as\s+(\w+))?$")


class BundleError(Exception):
    """A module has a form that cannot be bundled. The text names the module and the place."""


def bundle(folder: Path, *entries: str) -> str:
    """These modules with everything that they import: each module once, in the order they run.

    All are paths under ``folder``. Raises ``BundleError``.
    """
    return "".join(_wrapped(folder, module) for module in _in_order(folder, entries))


def _in_order(folder: Path, entries: tuple[str, ...]) -> list[str]:
    """The modules and all that they import, each after those that it imports."""
    done: list[str] = []

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            raise BundleError(f"static/{module} imports itself: {' > '.join([*path, module])}")
        if module not in done:
            for target in _targets(folder, module):
                visit(target, (*path, module))
            done.append(module)

    for entry in entries:
        visit(entry, ())
    return done


def _targets(folder: Path, module: str) -> Iterator[str]:
    if module.startswith(_VENDOR):
        return
    for found in _IMPORT.finditer(_text(folder, module)):
        yield _target(module, found["target"])


def _wrapped(folder: Path, module: str) -> str:
    if module.startswith(_VENDOR):
        return _function(module, *_vendored(folder, module))
    text = _text(folder, module)
    exported = ", ".join(_EXPORT.findall(text))

    def take(found: re.Match[str]) -> str:
        target = _target(module, found["target"])
        if found["whole"]:
            return f"const {found['whole']} = {_variable(target)};"
        if found["names"] is None:
            return ""
        names = dict(_renamed(module, found["names"]))
        if not target.startswith(_VENDOR):
            for name in names.keys() - _EXPORT.findall(_text(folder, target)):
                raise BundleError(
                    f"static/{module} imports {name}, and {target} does not export it"
                )
        written = ", ".join(
            name if name == here else f"{name}: {here}" for name, here in names.items()
        )
        return f"const {{ {written} }} = {_variable(target)};"

    text = _EXPORT.sub("", _IMPORT.sub(take, text))
    if unknown := _UNKNOWN.search(_COMMENT_WITHIN.sub("", text)):
        raise BundleError(f"static/{module} has a form that cannot be joined: {unknown[0].strip()}")
    return _function(module, _INDENTATION.sub("", text), exported)


def _function(module: str, text: str, exported: str) -> str:
    """The module as a function that is called once."""
    return (
        f"// {module}\nconst {_variable(module)} = (() => {{\n{text}"
        f"return {{ {exported} }};\n}})();\n"
    )


def _vendored(folder: Path, module: str) -> tuple[str, str]:
    """The text of a third-party module, and its exports as they are written in an object."""
    text = _SOURCE_MAP.sub("", _read(folder, module)).rstrip() + "\n"
    if _VENDOR_IMPORT.search(text):
        raise BundleError(f"static/{module} imports something, so it cannot be joined")
    exports = _VENDOR_EXPORT.search(text)
    if exports is None:
        return text, ""
    pairs = (part.split() for part in exports[1].split(","))
    names = ", ".join(f"{words[-1]}: {words[0]}" for words in pairs if words)
    return text[: exports.start()] + "\n", names


def _renamed(module: str, names: str) -> Iterator[tuple[str, str]]:
    """Pairs of each imported name and its local name."""
    for part in names.split(","):
        if part.strip():
            name = _NAME.match(part.strip())
            if name is None:
                raise BundleError(f"static/{module} imports what is no name: {part.strip()}")
            yield name[1], name[2] or name[1]


def _text(folder: Path, module: str) -> str:
    """The module's text, without the comments on lines of their own."""
    text = _COMMENT_LINES.sub("", _read(folder, module).rstrip() + "\n")
    for line in text.splitlines():
        # In a literal of several lines, text that looks like a comment or an import is neither.
        if _NO_LITERAL.sub("", line).count("`") % 2:
            raise BundleError(f"static/{module}: a ` without its other one on the line: {line}")
    return text


def _read(folder: Path, module: str) -> str:
    try:
        return folder.joinpath(module).read_text("utf-8")
    except FileNotFoundError:
        raise BundleError(f"static/{module} is imported, and is not there") from None


def _target(module: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), target))


def _variable(module: str) -> str:
    return "$" + re.sub(r"\W", "_", module)
