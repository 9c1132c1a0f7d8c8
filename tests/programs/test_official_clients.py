"""Official JavaScript clients connect, are refused with a reason, burst and send binary data."""

import json
import subprocess

import pytest

from tests.live.cluster import ROOT
from tests.programs.bots import CLIENTS, NODE


def run(program, client, entry, *arguments):
    module = CLIENTS / client / entry
    command = [NODE, ROOT / "tests" / "programs" / program, module.as_uri(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize(
    "version, entry",
    [
        ("3.1", "wrapper.mjs"),
        ("4.0", "wrapper.mjs"),
        ("4.5", "build/esm-debug/index.js"),
        ("4.8", "build/esm-debug/index.js"),
    ],
)
def test_a_client_is_refused_with_a_reason_and_bursts(person, version, entry, transport):
    ann = person("ann")
    room = ann.create_room()
    client = f"socket.io-client-{version}"
    seen = run("official.mjs", client, entry, ann.url, transport, room, ann.token)
    assert seen["refusal"]["code"] == "unauthorized" and seen["refusal"]["message"]
    assert seen["numbers"] == list(range(1, 101))
    assert [m["message"] for m in ann.history(room)] == [f"{i}" for i in range(100)]
    assert (seen["binary"], seen["still"]) == ("invalid", True)


@pytest.mark.parametrize("transports", ["polling", "websocket", "polling,websocket"])
def test_the_engine_alone_connects(person, transports):
    ann = person("ann")
    entry = "build/esm-debug/index.js"
    seen = run("engine.mjs", "engine.io-client", entry, ann.url, transports, ann.token)
    assert seen["transport"] == transports.rpartition(",")[2]
    assert seen["answer"].startswith('0{"sid"')
