"""Joins the modules that a page needs into one, so that a browser asks for one file, not for fifty.

It reads only the forms that Maru's own modules use, and refuses any other:

    import { name, name as other } from './module.js';
    import * as name from './module.js';
    export const name = …    export function name(…)    export async function …    export class …

Each begins its line, and no template literal goes over several. A module becomes a function, called
once, that returns what the module exports: its names stay its own, and it runs after all that it
imports, as a browser would run it. What it exports is taken when it has run, so it may not change
later: hence ``const`` alone, and no two modules may import each other. What others wrote stays a
file of its own.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

#: What others wrote, under ``static/``.
_OTHERS = "vendor/"
_IMPORT = re.compile(
    r"""^import\s+(?:\{(?P<names>[^}]*)\}|\*\s+as\s+(?P<whole>\w+))\s+from\s+'(?P<target>\.[^']+)';$""",
    re.MULTILINE,
)
_EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function|class) (\w+)\b)", re.MULTILINE)
#: A comment that has its lines for itself: a third of what browsers would have to fetch.
_COMMENT_LINES = re.compile(
    r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.DOTALL | re.MULTILINE
)
_NO_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\\.")
_COMMENT_WITHIN = re.compile(r"/\*.*?\*/")
#: What is left of other forms once the known ones are gone; ``import(`` and ``import.meta`` too.
_UNKNOWN = re.compile(r"^\s*(?:import|export)\b.*$|\bimport\s*[(.].*$", re.MULTILINE)
_NAME = re.compile(r"^(\w+)(?:\s+as\s+(\w+))?$")


class BundleError(Exception):
    """A module is written in a way that cannot be joined; the text names it and the place."""


def bundle(folder: Path, address: str, entry: str, shared: str = "", shares: str = "") -> str:
    """The module ``entry`` of ``folder`` with all that it imports, to be served as ``address``.

    What the module ``shares`` and its imports hold already is taken from the bundle at the address
    ``shared``: a module runs once for each page. All are paths under ``folder``. Raises
    ``BundleError``.
    """
    held = _in_order(folder, shares) if shares else []
    order = [module for module in _in_order(folder, entry) if module not in held]
    wanted = sorted({target for module in order for target in _targets(folder, module)})
    head = [
        f"import * as {_variable(module)} from '{_relative(address, module)}';\n"
        for module in wanted
        if module.startswith(_OTHERS)
    ]
    if taken := ", ".join(_variable(module) for module in wanted if module in held):
        head.append(f"import {{ {taken} }} from '{_relative(address, shared)}';\n")
    body = [_wrapped(folder, module) for module in order]
    given = ", ".join(_variable(module) for module in order)
    return "".join([*head, *body, f"export {{ {given} }};\n"])


def others(folder: Path, entry: str) -> list[str]:
    """What others wrote and this module, or one that it imports, needs."""
    return sorted(
        {
            target
            for module in _in_order(folder, entry)
            for target in _targets(folder, module)
            if target.startswith(_OTHERS)
        }
    )


def _in_order(folder: Path, entry: str) -> list[str]:
    """Our modules that this one needs, and itself, each after those that it imports."""
    done: list[str] = []

    def visit(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            raise BundleError(f"static/{module} imports itself: {' > '.join([*way, module])}")
        if module not in done and not module.startswith(_OTHERS):
            for target in _targets(folder, module):
                visit(target, (*way, module))
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
        if not target.startswith(_OTHERS):
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
    """Each name, and what it is called here."""
    for part in names.split(","):
        if part.strip():
            name = _NAME.match(part.strip())
            if name is None:
                raise BundleError(f"static/{module} imports what is no name: {part.strip()}")
            yield name[1], name[2] or name[1]


def _text(folder: Path, module: str) -> str:
    """The module's text, without comments that have their lines for themselves."""
    try:
        text = folder.joinpath(module).read_text("utf-8")
    except FileNotFoundError:
        raise BundleError(f"static/{module} is imported, and is not there") from None
    text = _COMMENT_LINES.sub("", text.rstrip() + "\n")
    for line in text.splitlines():
        # Within a literal of several lines, what looks like a comment or an import is none.
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
