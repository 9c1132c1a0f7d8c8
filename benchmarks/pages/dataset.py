"""The Maru that the browser measures: a person with 200 rooms, one of them with 5,000 messages."""

import contextlib
import http.client
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attacks.client import WebSocket
from benchmarks.peers.maru import start as maru

ROOMS, MESSAGES, MESSAGES_ELSEWHERE = 200, 5000, 200
#: Messages that are said before the first of them is acknowledged.
AT_ONCE = 50
#: Two sentences, as people write: 12 to 180 characters.
WORDS = (
    "Good morning!",
    "Shall we meet at noon for lunch, or is one better for you?",
    "The figures of October are in; the short version is that we are fine, and the long one has "
    "three pages that somebody who was there should read before Monday's meeting with the board.",
    "점심 같이 드실 분 계신가요? 열두 시에 일 층에서 만나요.",
    "Done.",
)
_ME = "person-1"


@dataclass(frozen=True)
class Dataset:
    """``full`` is the room with all the messages, ``other`` one that one comes from."""

    url: str
    name: str
    password: str
    full: str
    other: str


@contextlib.contextmanager
def dataset() -> Iterator[Dataset]:
    with tempfile.TemporaryDirectory(prefix="maru-pages-") as folder:
        settings = {**dict.fromkeys(maru.LIMITS, "0"), "LOCALE": "en"}
        with maru.serving(Path(folder), 1, settings) as (_, port):
            # The first account is the admin's, who sees more than others.
            maru.enrol(port, "admin")
            token = maru.enrol(port, _ME)
            rooms = [maru.open_room(port, token, number) for number in range(ROOMS)]
            full, other = rooms[-1], rooms[-2]
            _fill(port, token, other, MESSAGES_ELSEWHERE)
            _fill(port, token, full, MESSAGES)
            yield Dataset(f"http://127.0.0.1:{port}", _ME, maru.PASSWORD, full, other)


def _fill(port: int, token: str, room: str, number: int) -> None:
    talker = WebSocket(port, token)
    talker.call("join", roomId=room)
    for first in range(0, number, AT_ONCE):
        for place in range(first, first + AT_ONCE - 1):
            words = f"{place}: {WORDS[place % len(WORDS)]}"
            talker.send(talker.packet("message", roomId=room, message=words))
        talker.call("message", roomId=room, message=f"{first + AT_ONCE - 1}: That is all.")
    talker.socket.close()
    status, answer = _ask(port, f"/api/rooms/{room}", token)
    if status != 200 or answer["said"] != number:
        raise OSError(f"The room has {answer}, not {number} messages")


def _ask(port: int, path: str, token: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
