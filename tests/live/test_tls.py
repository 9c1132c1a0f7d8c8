"""TLS in the worker: WebSockets, long-polling, sessions of other workers."""

import contextlib
import json
import socket

import pytest
import socketio

from tests.live.client import settle
from tests.live.raw import Raw
from tests.live.tls import Updating, websocket_options
from tests.processes import call
from tests.waiting import eventually


@pytest.fixture
def secure(own_maru, tmp_path, monkeypatch):
    """Three workers with a certificate that our clients trust."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = call(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", key, "-out", cert),
    )
    assert made.returncode == 0, made.stderr
    for name in ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
        monkeypatch.setenv(name, str(cert))
    return own_maru(workers=3, TLS_CERT=str(cert), TLS_KEY=str(key))


def test_people_talk_over_websockets(secure):
    ann, ben = secure.register("ann"), secure.register("ben")
    room = ann.create_room()
    first, *_, last = secure.workers()
    talkers = [ann.connect(worker=first), ben.connect(worker=last)]
    for client in talkers:
        client.join(room)
    for i in range(50):
        talkers[i % 2].say(room, f"word {i} " + "마루" * 1000)
    settle(room, *talkers)
    for client in talkers:
        heard = [m["message"].split()[1] for m in client.messages("TALK")]
        assert heard == [str(i) for i in range(50)]
        client.close()
    eventually(lambda: secure.admin.present(room) == {})


def test_a_record_that_holds_many_frames_is_read_to_its_end(secure):
    """What TLS has decrypted already the system does not tell of."""
    raw = Raw(secure.admin).introduce()
    room = secure.admin.create_room()
    raw.call(1, "join", roomId=room)
    token = secure.admin.token
    call = [f"42{i}" + json.dumps(["typing", {"token": token, "roomId": room}]) for i in range(40)]
    raw.send_together(*call, "42999" + json.dumps(["history", {"token": token, "roomId": room}]))
    assert raw.acknowledgement(999)["ok"]
    big = raw.opened["maxPayload"] - 100
    raw.send("4277" + json.dumps(["history", {"token": token, "roomId": room, "x": "y" * 100_000}]))
    assert raw.acknowledgement(77)["ok"] and big > 100_000
    raw.abort()


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"]])
def test_any_worker_takes_any_request(secure, transports):
    room = secure.admin.create_room()
    options = {"request_timeout": 30, "websocket_extra_options": websocket_options()}
    clients = [socketio.SimpleClient(**options) for _ in range(8)]
    for i, client in enumerate(clients):
        client.connect(
            secure.url,
            auth={"token": secure.admin.token},
            transports=transports,
            wait_timeout=30,
        )
        call = {"token": secure.admin.token, "roomId": room}
        assert client.call("join", call, timeout=30)["ok"]
        assert client.call("message", {**call, "message": "hi"}, timeout=30)["seq"] == i + 1
    assert {client.transport for client in clients} == {transports[-1]}
    for client in clients:
        client.disconnect()


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(("updates", "is_answered"), [(1, True), (20, True), (1000, False)])
def test_a_client_that_only_updates_its_keys_is_closed(secure, updates, is_answered):
    """OpenSSL reads such records without end, and everybody else waits."""
    client = Updating(secure.port)
    client.update_keys(updates)
    client.write(HEALTH)
    client.send_all()
    assert client.read().startswith(b"HTTP/1.1 200") == is_answered


def test_key_updates_between_data_are_no_trouble(secure):
    client = Updating(secure.port)
    for i in range(len(HEALTH)):
        client.update_keys(3)
        client.write(HEALTH[i : i + 1])
    client.send_all()
    assert client.read().startswith(b"HTTP/1.1 200")


def test_who_speaks_plain_http_is_closed_at_once(secure):
    with socket.create_connection(("127.0.0.1", secure.port), 9) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # A handshake has ten seconds.
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""
