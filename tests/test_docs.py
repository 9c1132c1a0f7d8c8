"""Everything that the code offers is documented, and everything documented exists.

Every list here is read from the code; an undocumented setting, event, code, route or key fails.
"""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from chat import errors, keys, message
from config import Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGES.md", *sorted(DOCS.rglob("*.md"))]
ARCHITECTURE = DOCS / "architecture.md"
MODULES = DOCS / "modules.md"
PROTOCOL = DOCS / "protocol.md"
API = DOCS / "api.md"
DEPENDENCIES = DOCS / "decisions" / "dependencies.md"

_METHODS = r"(?:GET|POST|PUT|PATCH|DELETE)"


def prose(path: Path) -> str:
    """The text of a page, without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def section(path: Path, title: str) -> str:
    """What stands under a heading, up to the next one of any level."""
    found = re.search(
        rf"^#+ {re.escape(title)}$(.*?)(?=^#+ |\Z)", prose(path), re.DOTALL | re.MULTILINE
    )
    assert found, f"{path.name} has no section {title!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, less their headings; `code` is given as code."""
    table = [
        [
            re.sub(r"^`([^`]*)`$", r"\1", cell.strip()).replace(r"\|", "|")
            for cell in re.split(r"(?<!\\)\|", line)[1:-1]
        ]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    ruled = [i for i, row in enumerate(table) if set("".join(row)) <= set("-: ")]
    return [row for i, row in enumerate(table) if i not in ruled and i + 1 not in ruled]


def first_column(text: str) -> set[str]:
    return {row[0] for row in rows(text)}


def anchors(path: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def page_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_page = pytest.mark.parametrize("page", PAGES, ids=page_name)


def test_every_setting_is_documented_with_its_default():
    documented = {row[0]: row[1] for row in rows(section(PROTOCOL, "Settings"))}
    assert documented == {f.name.upper(): f.metadata["default"] or "–" for f in fields(Settings)}


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda f: f.name)
def test_the_words_a_setting_takes_are_documented(setting):
    about = {row[0]: row[2] for row in rows(section(PROTOCOL, "Settings"))}[setting.name.upper()]
    try:
        setting.metadata["check"]("no such word")
    except ValueError as refusal:
        taken = str(refusal).removeprefix("one of ") if "one of " in str(refusal) else ""
        for word in taken.split(", ") if taken else []:
            assert f"`{word}`" in about


def test_every_event_a_client_may_send_is_documented(app):
    handlers = app.extensions["socketio"].server.handlers["/"]
    offered = {event for event in handlers if event not in ("connect", "disconnect", "*")}
    assert offered == first_column(section(PROTOCOL, "Client to server"))


def test_every_event_the_server_sends_is_documented():
    assert emitted_events() == first_column(section(PROTOCOL, "Server to client"))


def test_every_notice_is_documented():
    """A code may be documented before it is sent: clients have to be ready for it."""
    sent = notice_codes()
    assert {"expired", "revoked", "kicked"} <= sent, "this test does not find the codes any more"
    assert sent <= first_column(section(PROTOCOL, "Notices"))


def test_every_type_of_message_is_documented():
    about = {row[0]: row[2] for row in rows(section(PROTOCOL, "Messages"))}["type"]
    types = {name for name, value in vars(message).items() if name.isupper() and name == value}
    # One is for workers alone: the table of channels has it.
    assert types - {message.REMOVED} == set(re.findall(r"[A-Z]+", about))


def test_every_error_code_is_documented():
    documented = {
        (code, int(status), retry == "true")
        for code, status, retry, _ in rows(section(PROTOCOL, "Errors"))
    }
    assert documented == {
        (kind.code, kind.status, "retry" in errors.wire_error(kind.code, ""))
        for kind in error_kinds(errors.MaruError)
    }


def test_every_route_is_documented(app):
    served = {
        (method, blank(rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert served - documented_routes(PROTOCOL) - documented_routes(API) == set()
    assert documented_routes(PROTOCOL) - served == set(), "documented, but not there"
    assert documented_routes(API) - served == set(), "documented, but not there"


def test_every_key_and_channel_is_documented():
    documented = first_column(section(PROTOCOL, "Redis"))
    assert {key for key in documented if key.startswith(keys.PREFIX)} == set(all_keys())


def test_every_command_is_documented(app):
    documented = section(PROTOCOL, "Commands")
    ours = [name for name, command in app.cli.commands.items() if is_ours(command)]
    assert ours and [name for name in ours if f"`flask {name} " not in documented] == []


def test_every_file_of_the_code_is_in_the_list_of_modules():
    listed = re.findall(r"^(\S+\.(?:py|lua))  +\S", MODULES.read_text("utf-8"), re.MULTILINE)
    folders = [ROOT / "chat", ROOT / "verify"]
    files = [*ROOT.glob("*.py"), *(f for each in folders for f in each.rglob("*.py"))]
    files += (ROOT / "chat").rglob("*.lua")
    assert sorted(listed) == sorted(page_name(f) for f in files)


def test_every_dependency_has_its_line():
    assert first_column(prose(DEPENDENCIES)) == pinned_packages()


@each_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@each_page
def test_files_that_are_named_are_there(page):
    named = re.findall(
        r"`((?:bin|chat|docs|static|templates|tests|translations)/[\w./-]*\w)`", prose(page)
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


@each_page
def test_pages_are_about_maru_and_hold_no_path_of_a_machine(page):
    assert not re.search(r"/(?:home|root|work|Users)/|/tmp/(?!maru-)", page.read_text("utf-8"))


def test_decisions_are_numbered_and_listed():
    decisions = sorted(path for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")
    assert [path.name for path in decisions if f"({path.name})" not in index] == []


def live_code() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "chat" / "live").rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text("utf-8")))


def constant(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def emitted_events() -> set[str]:
    """The event names in ``x.emit(to, "name", …)`` and ``x.send(room, "name", …)``."""
    return {
        event
        for node in live_code()
        if isinstance(node, ast.Call) and len(node.args) > 2
        if getattr(node.func, "attr", "") in ("emit", "emit_all", "send")
        if (event := constant(node.args[1]))
    }


def notice_codes() -> set[str]:
    """The codes given to ``notify`` and ``end``, called or handed on, and those written out."""
    found = set()
    for node in live_code():
        if isinstance(node, ast.Call):
            called = [getattr(part, "attr", "") for part in (node.func, *node.args)]
            if {"notify", "end"} & set(called):
                found |= {next(filter(None, map(constant, node.args)), None)}
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found |= {constant(value) for key, value in pairs if constant(key) == "code"}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode()
            found |= set(re.findall(r'"code":"(\w+)"', text))
    return {code for code in found if code}


def error_kinds(kind: type[errors.MaruError]) -> Iterator[type[errors.MaruError]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from error_kinds(narrower)


def is_ours(command: click.Command) -> bool:
    return inspect.unwrap(command.callback).__module__.startswith("chat.")


def blank(path: str) -> str:
    """A path with its parameters made nameless."""
    return re.sub(r"<[^>]*>", "<>", path)


def documented_routes(page: Path) -> set[tuple[str, str]]:
    """What a page writes as ``GET, POST /path``, in its prose."""
    mentions = re.findall(rf"\b({_METHODS}(?:, {_METHODS})*) (/[^\s`?|)]*)", prose(page))
    return {
        (method, blank(path).rstrip(".,;:"))
        for methods, path in mentions
        for method in methods.split(", ")
    }


def all_keys() -> Iterator[str]:
    """Every constant and function of ``keys``, with parameters as the documentation has them."""
    written = {
        "room_id": "<roomId>",
        "client_id": "<clientId>",
        "folded": "<name>",
        "user_id": "<userId>",
    }
    for name, value in vars(keys).items():
        if isinstance(value, str) and name.isupper() and name != "PREFIX":
            yield value
        elif inspect.isfunction(value) and name not in ("room_of_channel", "of_room"):
            parameters = inspect.signature(value).parameters
            yield value(*(written.get(p, f"<{p}>") for p in parameters))


def pinned_packages() -> set[str]:
    python = "\n".join(path.read_text("utf-8") for path in ROOT.glob("requirements*.txt"))
    setup = "\n".join(path.read_text("utf-8") for path in (ROOT / "bin").glob("*.py"))
    browser = json.loads((ROOT / "package.json").read_text("utf-8"))
    return {
        *re.findall(r"^([\w-]+)==", python, re.MULTILINE),
        *re.findall(r'"([\w-]+)==[\d.]+"', setup),
        *browser.get("dependencies", {}),
        *browser.get("devDependencies", {}),
    }
