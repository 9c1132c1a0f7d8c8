"""The bots of examples/ keep running, on every official client, through failures of Maru."""

import signal
import threading
import time

import pytest

from tests.live.client import settle
from tests.live.cluster import STARTED
from tests.live.tokens import forge
from tests.programs.bots import Bot, node, ping, python, wait_until_here
from tests.waiting import eventually

BOTH = "polling,websocket"
#: Name of the bot: how it is run, and the transports that it tries.
BOTS = {
    "python": ("examples/bot.py", BOTH),
    "python-polling": ("examples/bot.py", "polling"),
    "python-websocket": ("examples/bot.py", "websocket"),
    "async": ("tests/programs/async_bot.py", BOTH),
    "async-polling": ("tests/programs/async_bot.py", "polling"),
    "async-websocket": ("tests/programs/async_bot.py", "websocket"),
    "js31": ("3.1", BOTH),
    "js31-polling": ("3.1", "polling"),
    "js40": ("4.0", BOTH),
    "js45": ("4.5", "websocket"),
    "js48": ("4.8", BOTH),
    "js48-polling": ("4.8", "polling"),
    "js48-websocket": ("4.8", "websocket"),
}


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(maru, room, names):
        for name in names:
            program, transports = BOTS[name]
            home = tmp_path / name
            home.mkdir()
            command = python(program) if program.endswith(".py") else node(program, home)
            started.append(Bot(maru.register(name), command, room, transports, home))
        wait_until_here(maru.admin, room, started)
        return started

    yield begin
    for bot in started:
        bot.stop()


def test_every_official_client_comes_back_after_reload_dead_workers_and_store(own_maru, start):
    maru = own_maru(PRESENCE_LEASE="20", PRESENCE_GRACE="5")
    room = maru.admin.create_room()
    bots = start(maru, room, BOTS)
    ping(maru.admin, room, bots)

    old = set(maru.workers())
    maru.signal(signal.SIGHUP)
    eventually(lambda: old.isdisjoint(maru.workers()) and maru.is_ready(), STARTED)
    ping(maru.admin, room, bots)

    for worker in maru.workers():
        maru.kill_worker(worker)
        ping(maru.admin, room, bots)

    store = maru.store_process()
    store.kill()
    eventually(lambda: not store.is_running() and maru.is_ready(), STARTED)
    ping(maru.admin, room, bots)


def test_every_official_client_outlives_its_token(own_maru, start):
    maru = own_maru(TOKEN_SECONDS="6")
    # Whoever asks is not to be logged in anew all the time.
    maru.admin.token = forge(maru.admin, exp=int(time.time()) + 3600)
    room = maru.admin.create_room()
    bots = start(maru, room, BOTS)
    clock = threading.Event()
    for _ in range(3):
        # As long as a token lives: by then each bot has had to show another one.
        clock.wait(6)
        ping(maru.admin, room, bots)


@pytest.mark.parametrize("name", ["python", "python-polling", "async", "js31", "js48-polling"])
def test_a_client_that_was_cut_off_as_too_slow_comes_back(own_maru, start, name):
    maru = own_maru(PRESENCE_LEASE="20", PRESENCE_GRACE="2")
    room = maru.admin.create_room()
    (bot,) = bots = start(maru, room, [name])
    ping(maru.admin, room, bots)
    speaker = maru.register("speaker").connect()
    speaker.join(room)
    family = [bot.process, *bot.process.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        words = "마루" * 1_900
        while name in maru.admin.present(room):
            for _ in range(50):
                speaker.say(room, words)
    finally:
        for process in family:
            process.resume()
    settle(room, speaker)
    speaker.close()
    ping_when_back(maru, room, bots)


def test_a_bot_that_may_not_chat_for_a_while_goes_on_to_try(own_maru, start, tmp_path):
    maru = own_maru()
    room = maru.admin.create_room()
    bots = start(maru, room, ["python", "js48"])
    for bot in bots:
        maru.flask("set-role", bot.name, "guest")
    eventually(lambda: not {"python", "js48"} & set(maru.admin.present(room)), 30)
    late = maru.register("late")
    maru.flask("set-role", late.name, "guest")
    refused = Bot(late, python("examples/bot.py"), room, BOTH, tmp_path)
    try:
        eventually(lambda: "failed to connect" in refused.words())
        for name in ("python", "js48", "late"):
            maru.flask("set-role", name, "user")
        ping_when_back(maru, room, [*bots, refused])
    finally:
        refused.stop()


def ping_when_back(maru, room, bots):
    wait_until_here(maru.admin, room, bots)
    ping(maru.admin, room, bots)
