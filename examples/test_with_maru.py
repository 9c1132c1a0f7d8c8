"""How to test a program that speaks to Maru: start a real one, empty, for the tests.

Flask-SocketIO's own test client refuses a server with a message queue, and would show nothing of
order, counts or lost connections. A whole Maru is up in about two seconds and needs nothing but a
folder and a free port. MARU_HOME is the checkout of Maru, in which bin/setup has run.

    pytest test_with_maru.py
"""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
import socketio

HOME = Path(os.environ["MARU_HOME"])
ACCOUNT = {"name": "tester", "password": "correct horse"}


@pytest.fixture(scope="session")
def maru(tmp_path_factory):
    """The address of a Maru that runs for as long as the tests do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    settings = {"PORT": port, "DATA_DIR": str(tmp_path_factory.mktemp("maru")), "ENV_FILE": ""}
    process = subprocess.Popen([HOME / "bin" / "run"], env={**os.environ, **settings})
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while not is_ready(address):
        assert process.poll() is None and time.monotonic() < deadline, "Maru does not start"
    yield address
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def is_ready(address):
    try:
        return requests.get(f"{address}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


@pytest.fixture(scope="session")
def token(maru):
    requests.post(f"{maru}/api/register", json=ACCOUNT, timeout=10)
    return requests.post(f"{maru}/api/token", json=ACCOUNT, timeout=10).json()["accessToken"]


def test_what_is_said_is_heard(maru, token):
    headers = {"Authorization": f"Bearer {token}"}
    room = requests.post(f"{maru}/api/rooms", json={"name": "Test"}, headers=headers, timeout=10)
    here = {"token": token, "roomId": room.json()["roomId"]}
    with socketio.SimpleClient() as client:
        client.connect(maru, auth={"token": token})
        assert client.call("join", here)["ok"]
        assert client.call("message", {**here, "message": "hello"})["seq"] == 1
        heard = []
        while "hello" not in heard:
            event, payload = client.receive(timeout=10)
            heard.append(payload["message"] if event == "message" else event)
