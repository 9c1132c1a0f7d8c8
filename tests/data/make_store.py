"""Makes a fixture of tests/test_migrations.py: what an earlier version of Maru has stored.

    git clone . /tmp/earlier && git -C /tmp/earlier checkout COMMIT && /tmp/earlier/bin/setup
    .venv/bin/python -m tests.data.make_store /tmp/earlier tests/data/store-COMMIT.json.gz

It runs that version in a data folder of its own, has people do there what people do, kills the
workers while some are present, and writes down every key of the store, with what the API said. A
key is written as DUMP gives it, with the ms that it still lives: in the store's own files those
would be points in time, and the fixture would lose keys as it gets older. For the same reason the
tests date its tokens and its cookie anew, with its secrets, which sign nothing else.
"""

import base64
import contextlib
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import redis
import requests

from tests.live.client import Client
from tests.ports import free_port
from tests.waiting import eventually

PASSWORD = "correct horse"
TEXTS = ["안녕하세요", "Good morning", "점심 먹자", "ok", "네, 좋아요"]
#: More than ``KEPT`` messages, so that the older ones are trimmed.
MANY, KEPT = 3_300, 2_000


class Earlier:
    """The earlier version, running."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        self.checkout = checkout
        limits = ("MESSAGE_RATE", "LOGIN_RATE", "ROOM_RATE", "JOIN_RATE", "READ_RATE")
        settings = {
            "PORT": str(self.port),
            "DATA_DIR": str(self.data),
            "ENV_FILE": "",
            "WORKERS": "2",
            "HISTORY_LENGTH": str(KEPT),
            "RECENT": str(KEPT),
            **dict.fromkeys(limits, "0"),
        }
        self.environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **settings}
        self.python = checkout / ".venv" / "bin" / "python"
        self.master = psutil.Popen(
            [self.python, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
            cwd=checkout,
            env=self.environ,
        )
        eventually(self.is_ready, 60)
        self.store = redis.Redis(unix_socket_path=str(self.data / "valkey.sock"))

    def is_ready(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(self.url + "/readyz", timeout=5).status_code == 200
        return False

    def flask(self, *arguments: str) -> None:
        command = [self.python, "-m", "flask", "--app", "app", *arguments]
        subprocess.run(command, cwd=self.checkout, env=self.environ, check=True)

    def kill_workers(self) -> None:
        """As a machine that is switched off: nobody says goodbye."""
        workers = [p for p in self.master.children() if "gunicorn" in " ".join(p.cmdline())]
        self.master.send_signal(signal.SIGSTOP)
        for worker in workers:
            worker.kill()

    def end(self) -> None:
        family = [self.master, *self.master.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


class Person:
    """Somebody who has an account, and uses the API."""

    def __init__(self, maru: Earlier, name: str, password: str = PASSWORD) -> None:
        self.url, self.name, self.password = maru.url, name, password
        body = {"name": name, "password": password}
        answer = requests.post(self.url + "/api/register", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        self.log_in()

    def log_in(self) -> None:
        body = {"name": self.name, "password": self.password}
        answer = requests.post(self.url + "/api/token", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        self.token, self.refresh = tokens["accessToken"], tokens["refreshToken"]

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        answer = requests.request(
            method, self.url + "/api/" + path, headers=headers, json=body, timeout=30
        )
        assert answer.ok, (method, path, answer.text)
        return answer.json() if answer.content else None

    def room(self, name: str, **options: bool) -> str:
        return str(self.call("POST", "rooms", {"name": name, **options})["roomId"])

    def say(self, room_id: str, text: str, client_id: str | None = None) -> int:
        body = {"message": text, **({"clientId": client_id} if client_id else {})}
        return int(self.call("POST", f"rooms/{room_id}/messages", body)["seq"])

    def edit(self, room_id: str, seq: int, text: str) -> None:
        self.call("PATCH", f"rooms/{room_id}/messages/{seq}", {"message": text})

    def delete(self, room_id: str, seq: int) -> None:
        self.call("DELETE", f"rooms/{room_id}/messages/{seq}")

    def react(self, room_id: str, seq: int, emoji: str, on: bool = True) -> None:
        path = f"rooms/{room_id}/messages/{seq}/reactions/{emoji}"
        self.call("PUT" if on else "DELETE", path)

    def history(self, room_id: str) -> list[Any]:
        """The newest messages that the API gives, as in a page."""
        return list(self.call("GET", f"rooms/{room_id}/messages?limit=100")["messages"])

    def browser(self) -> requests.Session:
        """A browser in which this person is logged in."""
        session = requests.Session()
        self.submit(session, "/login", name=self.name, password=self.password)
        return session

    def submit(self, session: requests.Session, path: str, **fields: str) -> None:
        page = session.get(self.url + "/settings", timeout=30).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page
        form = {"csrf_token": found[1], **fields}
        answer = session.post(self.url + path, data=form, allow_redirects=False, timeout=30)
        assert answer.status_code in (200, 302), answer.text


def cookie(session: requests.Session) -> str:
    """The cookie of a login."""
    return next(c.value or "" for c in session.cookies if c.name.endswith("session"))


def live(maru: Earlier) -> dict[str, Any]:
    """What people do. Gives what the tests know of it."""
    bora = Person(maru, "보라")
    dan, sora, mina = Person(maru, "Dan"), Person(maru, "소라"), Person(maru, "Mina.K")
    Person(maru, "waits")
    ghost, plain = Person(maru, "Ghost"), Person(maru, "user20261126")
    maru.flask("set-role", "waits", "guest")
    maru.flask("set-role", "Mina.K", "admin")

    square = bora.room("광장")
    first = bora.say(square, "처음 뵙겠습니다", "client-1")
    second = dan.say(square, 'Hello <b>there</b> "quoted" \\ {name} 😀', "client-2")
    dan.edit(square, second, "Hello there")
    dan.edit(square, second, "Hello there, edited twice")
    gone = sora.say(square, "delete me")
    sora.edit(square, gone, "delete me, edited")
    bora.react(square, gone, "👍")
    sora.delete(square, gone)
    for person in (bora, sora, mina):
        person.react(square, second, "👍")
    mina.react(square, second, "👍", on=False)
    dan.react(square, first, "🎉")
    ghost.say(square, "I was here")
    ghost.react(square, first, "👀")
    plain.say(square, '\'sender\':"x","sender":"Dan"', "client-3")

    private = dan.room("비밀", private=True)
    for name in ("보라", "소라", "Mina.K"):
        dan.call("PUT", f"rooms/{private}/members/{name}")
    sora.say(private, "쉿")
    dan.call("DELETE", f"rooms/{private}/members/Mina.K")
    encrypted = sora.room("Encrypted", private=True, encrypted=True)
    sora.call("PUT", f"rooms/{encrypted}/members/Dan")
    sora.say(encrypted, "enc:v1:AAAAAAAA")
    haunted = ghost.room("Haunted")
    ghost.say(haunted, "boo")
    empty = mina.room("Empty")
    deleted = mina.room("Deleted")
    mina.say(deleted, "soon gone")
    mina.call("DELETE", f"rooms/{deleted}")
    big = dan.room("Big")
    for number in range(MANY):
        (dan if number % 3 else sora).say(big, TEXTS[number % len(TEXTS)])
        if number % 500 == 499:
            sora.delete(big, sora.say(big, "never mind"))
    # The clientIds that were made up: each is a key, which would make the fixture large.
    maru.store.delete(*maru.store.scan_iter(f"maru:room:{{{big}}}:sent:*", count=1000))
    rooms = {
        "square": square, "private": private, "encrypted": encrypted, "haunted": haunted,
        "empty": empty, "deleted": deleted, "big": big,
    }  # fmt: skip
    if maru.store.exists("maru:skeletons"):
        later(bora, sora, mina, rooms)

    tokens = {name: p.refresh for name, p in {"bora": bora, "dan": dan, "plain": plain}.items()}
    tokens["access"] = dan.token
    revoked = Person(maru, "revoked")
    revoked.call("POST", "token/revoke", token=revoked.refresh)
    tokens["revoked"] = revoked.refresh
    changed = Person(maru, "changed")
    tokens["before the change"] = changed.refresh
    browser = changed.browser()
    changed.submit(browser, "/settings", current=PASSWORD, password="another horse")
    cookies = {"dan": cookie(dan.browser()), "changed": cookie(browser)}
    left = sora.browser()
    cookies["logged out"] = cookie(left)
    sora.submit(left, "/logout")
    wrong = {"name": "Dan", "password": "wrong"}
    assert requests.post(maru.url + "/api/token", json=wrong, timeout=30).status_code == 401

    histories = {
        name: (dan if name in ("private", "encrypted") else bora).history(rooms[name])
        for name in rooms
        if name != "deleted"
    }
    maru.store.delete("maru:user:ghost")
    maru.store.srem("maru:users", "ghost")
    clients = [Client(mina), Client(mina), Client(dan)]  # type: ignore[arg-type]
    for client in clients:
        client.join(square)
    clients[2].join(private)
    maru.kill_workers()
    return {
        "rooms": rooms, "tokens": tokens, "cookies": cookies, "histories": histories,
        "password": PASSWORD,
        "secrets": {n: (maru.data / n).read_text() for n in ("secret_key", "jwt_secret_key")},
    }  # fmt: skip


def later(bora: Person, sora: Person, mina: Person, rooms: dict[str, str]) -> None:
    """What later versions can do besides: refuse invitations."""
    unwanted = mina.room("Unwanted", private=True)
    mina.call("PUT", f"rooms/{unwanted}/members/소라")
    sora.call("POST", f"rooms/{unwanted}/members/refuse")
    mina.call("PUT", f"rooms/{unwanted}/members/보라")
    rooms["unwanted"] = unwanted


def dumped(store: redis.Redis) -> dict[str, list[Any]]:
    """Key -> the ms that it still lives (0: for good), and what DUMP gives of it."""
    return {
        key.decode(): [max(0, store.pttl(key)), base64.b64encode(store.dump(key)).decode()]
        for key in sorted(store.scan_iter())
    }


def main(checkout: Path, target: Path) -> None:
    told = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    )
    with tempfile.TemporaryDirectory(prefix="maru-") as folder:
        maru = Earlier(checkout, Path(folder))
        try:
            known = live(maru)
            made = {"commit": told.stdout.strip(), **known, "keys": dumped(maru.store)}
        finally:
            maru.end()
    target.write_bytes(gzip.compress(json.dumps(made, ensure_ascii=False).encode(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
