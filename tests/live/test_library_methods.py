"""The list of library methods that Maru replaces, and of private ones that it calls.

Their authors may change such methods without notice. So each stands here with a digest of its
source. After an upgrade the test of a changed method fails: read the change, adapt Maru to it, and
put the new digest into the list.
"""

import ast
import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path

import engineio
from gunicorn.arbiter import Arbiter

import chat.live
import chat.transport
import config

LIBRARIES = ("engineio", "socketio", "flask_socketio", "eventlet", "gunicorn")

#: Methods that a class of Maru overrides.
OVERRIDDEN = {
    "engineio.base_server.BaseServer.__init__": "8bea637f2d0c",
    "engineio.base_socket.BaseSocket.__init__": "afdf3fd68eab",
    "engineio.server.Server._handle_connect": "b7bb0540559c",
    "engineio.server.Server.handle_request": "0d1454b346e7",
    "engineio.socket.Socket._upgrade_websocket": "0a4db0da2f4e",
    "engineio.socket.Socket.check_ping_timeout": "45bb62b45d96",
    "engineio.socket.Socket.close": "d4a9747c02b6",
    "engineio.socket.Socket.handle_get_request": "2cf839037497",
    "engineio.socket.Socket.handle_post_request": "fc67ac38764c",
    "engineio.socket.Socket.poll": "e17734d21aef",
    "engineio.socket.Socket.send": "b07353742fdb",
    "eventlet.queue.LightQueue._get": "588430c2c3a2",
    "eventlet.queue.LightQueue._init": "5d7426a6b13a",
    "eventlet.queue.Queue._put": "e322c8721bf4",
    "gunicorn.workers.base.Worker.handle_quit": "0c6307ea7e56",
    "gunicorn.workers.base.Worker.init_process": "1fac4123c3be",
    "gunicorn.workers.base.Worker.notify": "65a764c2b899",
    "gunicorn.workers.base.Worker.run": "4e5c634f7891",
    "socketio.base_manager.BaseManager.basic_disconnect": "94fb64dfeb27",
    "socketio.base_manager.BaseManager.basic_enter_room": "09b2e11e8210",
    "socketio.base_manager.BaseManager.basic_leave_room": "28cb8c6f3d0c",
    "socketio.base_manager.BaseManager.connect": "2a1b5023a8b4",
    "socketio.base_manager.BaseManager.eio_sid_from_sid": "d06f019ac491",
    "socketio.base_manager.BaseManager.get_namespaces": "9cf51c7cd51a",
    "socketio.base_manager.BaseManager.get_participants": "3a1e55bf90ee",
    "socketio.base_manager.BaseManager.get_rooms": "20a3d44703ce",
    "socketio.base_manager.BaseManager.is_connected": "8b19eb7c98f1",
    "socketio.base_manager.BaseManager.is_pre_connected": "29d8a8bc4b40",
    "socketio.base_manager.BaseManager.is_sid_room": "0ed79685dfbf",
    "socketio.base_manager.BaseManager.pre_connect": "8e84d8ef6657",
    "socketio.base_manager.BaseManager.pre_disconnect": "6f390d4c0c2c",
    "socketio.base_manager.BaseManager.sid_from_eio_sid": "7ee8046c9958",
    "socketio.packet.Packet.add_attachment": "be222821100c",
    "socketio.packet.Packet.decode": "d0375bffda59",
    "socketio.pubsub_manager.PubSubManager._handle_close_room": "ab22509449c0",
    "socketio.pubsub_manager.PubSubManager._handle_enter_room": "4dd488e5b16d",
    "socketio.pubsub_manager.PubSubManager._handle_leave_room": "ff845a256b6e",
    "socketio.redis_manager.RedisManager.__init__": "5903fa5a9697",
    "socketio.redis_manager.RedisManager._listen": "ce430b9a179f",
}

#: Private methods that Maru calls.
CALLED = {
    "engineio.base_server.BaseServer._bad_request": "24faf56917c0",
    "engineio.base_server.BaseServer._ok": "863591f6f658",
    "engineio.base_server.BaseServer._unauthorized": "5eba97be206b",
    "engineio.base_server.BaseServer._upgrades": "d668b8641e57",
    "engineio.server.Server._trigger_event": "730064ed2022",
    "socketio.server.Server._handle_eio_message": "bb4ff38b9a8e",
}

#: Methods that Maru replaces in an object of the library, by assignment.
ASSIGNED = {
    "engineio.base_server.BaseServer.generate_id": "06d759b36258",
    "gunicorn.arbiter.Arbiter.handle_hup": "e2671926b724",
    "gunicorn.arbiter.Arbiter.manage_workers": "8f31a69ed71c",
    "gunicorn.arbiter.Arbiter.reexec": "507b08bca02d",
}

#: Files with such assignments: the name of the object there, and its class.
ASSIGNING = {
    "master.py": ("server", Arbiter),
    "chat/live/server.py": ("engine", engineio.Server),
    "chat/transport/engine.py": ("self", engineio.Server),
}

#: Private names that are described in the library's documentation, or that are no methods.
DOCUMENTED = {
    "_get_current_object",  # werkzeug.local.LocalProxy
    "_sock",  # redis.Connection: the socket, or None
    "_parser",  # its parser; chat/store/buffered_answers.py does what REPEATED has
    "_reader",  # of that parser: hiredis.Reader, which is public
}

#: Private methods whose steps Maru repeats in its own code.
REPEATED = {
    "redis._parsers.hiredis._HiredisParser.read_response": "632d7608971d",
}


def test_the_list_names_all_methods_that_are_overridden_and_none_has_changed():
    assert {
        f"{theirs.__module__}.{theirs.__name__}.{name}": digest(vars(theirs)[name])
        for theirs, name in overridden()
    } == OVERRIDDEN


def test_the_list_names_all_private_methods_that_are_called_and_none_has_changed():
    names = {path.rpartition(".")[2] for path in CALLED}
    assert names | DOCUMENTED == private_names_of_others()
    assert {path: digest(method_at(path)) for path in CALLED} == CALLED


def test_no_method_whose_steps_are_repeated_has_changed():
    assert {path: digest(method_at(path)) for path in REPEATED} == REPEATED


def test_the_list_names_all_methods_that_are_assigned_and_none_has_changed():
    assert {path.rpartition(".")[2] for path in ASSIGNED} == set(assigned_methods())
    assert {path: digest(method_at(path)) for path in ASSIGNED} == ASSIGNED


def assigned_methods() -> Iterator[str]:
    """The names of the library's methods to which the files of ``ASSIGNING`` assign."""
    for path, (name, kind) in ASSIGNING.items():
        for node in ast.walk(ast.parse((config.ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                of_library = inspect.isfunction(getattr(kind, node.attr, None))
                if of_library and ast.unparse(node.value) == name:
                    yield node.attr


def overridden() -> Iterator[tuple[type, str]]:
    """The library's class and the name, for each of its methods that a class of ours overrides."""
    for ours in classes():
        for name in vars(ours):
            for theirs in ours.__mro__[1:]:
                if is_of_library(theirs) and inspect.isfunction(vars(theirs).get(name)):
                    yield theirs, name
                    break


def classes() -> Iterator[type]:
    for package in (chat.live, chat.transport):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            # Importing that one would make greenlets of this process's threads.
            if module.name != "chat.transport.monkey_patch":
                loaded = importlib.import_module(module.name)
                for value in vars(loaded).values():
                    if inspect.isclass(value) and value.__module__ == loaded.__name__:
                        yield value


def is_of_library(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in LIBRARIES


def private_names_of_others() -> set[str]:
    """Names with one leading underscore that a file in ``chat`` uses and does not define.

    A method whose body is ``...`` is of a protocol, and defined elsewhere.
    """
    return set().union(*map(foreign_names, (config.ROOT / "chat").rglob("*.py")))


def foreign_names(path: Path) -> set[str]:
    used, defined = set(), set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if ast.unparse(node.body[-1]) != "...":
                defined.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            defined.add(node.value)  # of __slots__
        elif isinstance(node, ast.Attribute):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.attr)
    return {name for name in used - defined if name.startswith("_") and not name.startswith("__")}


def method_at(path: str) -> Callable[..., object]:
    module, kind, name = path.rsplit(".", 2)
    method: Callable[..., object] = vars(getattr(importlib.import_module(module), kind))[name]
    return method


def digest(method: object) -> str:
    """The beginning of the SHA-256 of a method's source, without regard to white space."""
    source = " ".join(inspect.getsource(method).split())
    return hashlib.sha256(source.encode()).hexdigest()[:12]
