"""Bundles the JavaScript modules of a page into one file, so that a browser fetches one, not fifty.

It understands only these forms of import and export, which Maru's own modules use, and refuses
others:

    import { name, name as other } from './module.js';
    import * as name from './module.js';
    export const name = …    export function name(…)    export async function …    export class …

Each must begin its line, and no template literal may span lines. A module becomes a function that
is called once and returns the module's exports. So its names stay local, and it runs after all
modules that it imports, as in a browser. The exports are read once, after the module has run. So
only ``const`` can be exported, and modules must not import each other in a circle. Third-party
modules (``static/vendor``) stay files of their own.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

#: The folder of third-party modules, under ``static/``.
_VENDOR = "vendor/"
_IMPORT = re.compile(
    r"""^import\s+(?:\{(?P<names>[^}]*)\}|\*\s+as\s+(?P<whole>\w+))\s+from\s+'(?P<target>\.[^']+)';$""",
    re.MULTILINE,
)
_EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function|class) (\w+)\b)", re.MULTILINE)
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


def bundle(folder: Path, address: str, entry: str, shared: str = "", shares: str = "") -> str:
    """The module ``entry`` with all modules that it imports, to be served as ``address``.

    Modules that belong to the bundle of the entry ``shares``, which is served as ``shared``, are
    imported from there, so that each module runs once in a page. All are paths under ``folder``.
    Raises ``BundleError``.
    """
    held = _in_order(folder, shares) if shares else []
    order = [module for module in _in_order(folder, entry) if module not in held]
    wanted = sorted({target for module in order for target in _targets(folder, module)})
    head = [
        f"import * as {_variable(module)} from '{_relative(address, module)}';\n"
        for module in wanted
        if module.startswith(_VENDOR)
    ]
    if taken := ", ".join(_variable(module) for module in wanted if module in held):
        head.append(f"import {{ {taken} }} from '{_relative(address, shared)}';\n")
    body = [_wrapped(folder, module) for module in order]
    given = ", ".join(_variable(module) for module in order)
    return "".join([*head, *body, f"export {{ {given} }};\n"])


def vendor_modules(folder: Path, entry: str) -> list[str]:
    """The third-party modules that this module, or one that it imports, imports."""
    return sorted(
        {
            target
            for module in _in_order(folder, entry)
            for target in _targets(folder, module)
            if target.startswith(_VENDOR)
        }
    )


def _in_order(folder: Path, entry: str) -> list[str]:
    """The module and all own modules that it imports, each after those that it imports."""
    done: list[str] = []

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            raise BundleError(f"static/{module} imports itself: {' > '.join([*path, module])}")
        if module not in done and not module.startswith(_VENDOR):
            for target in _targets(folder, module):
                visit(target, (*path, module))
            done.append(module)

    visit(entry, ())
    return done


def _targets(folder: Path, module: str) -> Iterator[str]:
    for found in _IMPORT.finditer(_text(folder, module)):
        yield _target(module, found["target"])


def _wrapped(folder: Path, module: str) -> str:
    text = _text(folder, module)
    exported = ", ".join(_EXPORT.findall(text))

    def take(found: re.Match[str]) -> str:
        target = _target(module, found["target"])
        if found["whole"]:
            return f"const {found['whole']} = {_variable(target)};"
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
    return (
        f"// {module}\nconst {_variable(module)} = (() => {{\n{text}"
        f"return {{ {exported} }};\n}})();\n"
    )


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
    try:
        text = folder.joinpath(module).read_text("utf-8")
    except FileNotFoundError:
        raise BundleError(f"static/{module} is imported, and is not there") from None
    text = _COMMENT_LINES.sub("", text.rstrip() + "\n")
    for line in text.splitlines():
        # In a literal of several lines, text that looks like a comment or an import is neither.
        if _NO_LITERAL.sub("", line).count("`") % 2:
            raise BundleError(f"static/{module}: a ` without its other one on the line: {line}")
    return text


def _target(module: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), target))


def _relative(address: str, target: str) -> str:
    path = posixpath.relpath(target, posixpath.dirname(address))
    return path if path.startswith("../") else f"./{path}"


def _variable(module: str) -> str:
    return "$" + re.sub(r"\W", "_", module)
