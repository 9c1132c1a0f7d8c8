"""Makes the pictures of the documentation: ``.venv/bin/python docs/screenshot.py``.

Starts a Maru of its own in a temporary folder, has a few people talk in it, and photographs the
page of a room in Chromium. Needs what ``bin/test`` installs.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import requests
import socketio
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))

from chat import users  # noqa: E402
from chat.conversation import Conversation  # noqa: E402
from chat.limits import Limits  # noqa: E402
from chat.store.question import ScriptCall  # noqa: E402
from chat.store.store import Store, connect  # noqa: E402

PASSWORD = "only for the picture"
PATIENCE = 30
PEOPLE = ("Bora", "하늘", "Dan", "민준", "Mina.Park")
ME = "Bora"
ROOM = "Spring catalogue"
OTHER_ROOMS = {
    "마루 · the hall": ("하늘", "Dan", "Mina.Park"),
    "점심 Lunch": ("민준", "Dan"),
    "Orders": ("하늘",),
    "Printer": (),
    "부산 trip": (),
}
#: Minutes ago, who, what.
SAID = (
    (1502, "Bora", "The proofs are in. Could somebody look at the Korean labels before we print?"),
    (1499, "하늘", "금방 볼게요. Give me until tomorrow morning."),
    (31, "하늘", "All fine except one: 방석 has a space in it on page 3."),
    (29, "Dan", "Thanks! Fixed:\n```\n- 방 석  Cushion, linen\n+ 방석   Cushion, linen\n```"),
    (29, "Dan", "The new file is `catalogue-4.pdf`, same place as before."),
    (22, "Mina.Park", "Page 12 is lovely. Is that the old floor in your grandmother's house?"),
    (21, "Bora", "It is! 할머니 댁 마루예요. She insisted on waxing it first 😄"),
    (9, "민준", "Courier is booked for eleven: https://courier.example/track/20418"),
    (3, "Bora", "Then we print at ten. Who is in for lunch after? 오늘은 김치찌개!"),
    (2, "하늘", "저도 갈게요 🙋"),
    (2, "Dan", "Me too, if somebody keeps me a seat."),
)


class Earlier(Store):
    """The store, with a clock that says what it is told."""

    at = 0

    def _send(self, calls):
        return super()._send([self._dated(call) for call in calls])

    def _dated(self, call):
        if isinstance(call, ScriptCall) and call.script == "append":
            return replace(call, args=[str(self.at), *call.args[1:]])
        return call


@contextlib.contextmanager
def maru(folder: Path) -> Iterator[str]:
    """A running Maru with its data in this folder; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"PORT": str(port), "DATA_DIR": str(folder), "ENV_FILE": "", "LOGIN_RATE": "0"}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_until_ready(url: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        time.sleep(0.1)
    raise SystemExit("Maru did not start.")


def furnish(url: str, store_url: str) -> str:
    """Registers the people, makes the rooms and the conversation; gives the id of the room."""
    for name in PEOPLE:
        registered = requests.post(
            f"{url}/api/register", json={"name": name, "password": PASSWORD}, timeout=10
        )
        registered.raise_for_status()
    store = Earlier(connect(store_url).redis)
    conversation = Conversation(store, Limits(message_rate=0))
    people = {name: users.get(store, name) for name in PEOPLE}
    for name in reversed(OTHER_ROOMS):
        room = conversation.create(people["Dan"], name, False, False)
        store.at = _ms_ago(60 * 24 * 3)
        conversation.talk(people["Dan"], room.room_id, "Here we are.")
    room_id = conversation.create(people[ME], ROOM, False, False).room_id
    for minutes, name, words in SAID:
        store.at = _ms_ago(minutes)
        conversation.talk(people[name], room_id, words)
    return room_id


def _ms_ago(minutes: int) -> int:
    return time.time_ns() // 1_000_000 - minutes * 60_000


@contextlib.contextmanager
def company(url: str, room_id: str) -> Iterator[None]:
    """The others are in the room meanwhile, and in some other rooms."""
    connected = []
    try:
        for name in PEOPLE:
            if name != ME:
                connected.append(_enter(url, name, room_id))
        yield
    finally:
        for client in connected:
            client.disconnect()


def _enter(url: str, name: str, room_id: str) -> socketio.Client:
    token = requests.post(
        f"{url}/api/token", json={"name": name, "password": PASSWORD}, timeout=10
    ).json()["accessToken"]
    client = socketio.Client(reconnection=False, handle_sigint=False)
    client.connect(url, auth={"token": token}, transports=["websocket"])
    listed = client.call("watch", {"token": token})["rooms"]
    for room in listed:
        if room["roomId"] == room_id or name in OTHER_ROOMS.get(room["name"], ()):
            client.call("join", {"token": token, "roomId": room["roomId"]})
    return client


def log_in(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("[name=name]", ME)
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")


def _zone_of_afternoon() -> str:
    """Where it is two o'clock now: what was said within the hour is said today."""
    ahead = 14 - datetime.now(UTC).hour
    # In these names west is positive.
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def photograph(page: Page, name: str, count: int) -> None:
    """Wait until the page is live and knows everybody, then take the picture."""
    expect(page.locator("#people-button [data-count]")).to_have_text(str(count))
    expect(page.locator(".connection")).to_be_hidden()
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="maru-") as folder,
        maru(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        room_id = furnish(url, f"unix://{folder}/valkey.sock")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        with company(url, room_id):
            for name, width, height in (("room", 1440, 900), ("phone", 390, 844)):
                page = browser.new_page(
                    viewport={"width": width, "height": height},
                    locale="en",
                    timezone_id=_zone_of_afternoon(),
                    # Under a finger times stand beside the names.
                    has_touch=name == "phone",
                    is_mobile=name == "phone",
                )
                log_in(page, f"{url}/login?next=/rooms/{room_id}")
                photograph(page, name, len(PEOPLE))
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
