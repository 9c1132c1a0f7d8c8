"""What clients can do before a request reaches the app costs other clients nothing."""

import json
import socket

import pytest

from chat.transport.admission import Admission
from chat.transport.http_server import RESERVE
from tests.live.raw import Raw
from tests.live.test_worker import ask, connect
from tests.waiting import eventually

HOST = "Host: maru\r\n"


def request(line, *fields, host=True, body=""):
    return "".join(
        [f"{line}\r\n", HOST * host, *(f"{field}\r\n" for field in fields), "\r\n", body]
    ).encode()


def whole_answer(connection):
    """Up to the end of the connection: status, headers by name, body."""
    heard = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = heard.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


def refused(maru, sent):
    with connect(maru) as connection:
        connection.settimeout(30)
        connection.sendall(sent)
        return whole_answer(connection)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"rubbish\r\n\r\n", 400, "invalid"),
        (request("GET / HTTP/2.0"), 400, "invalid"),
        (request("GET / HTTP/1.1", host=False), 400, "invalid"),
        (request("GET / HTTP/1.1", "Host: other.example"), 400, "invalid"),
        (request("GET / HTTP/1.1", "Host: a..b", host=False), 400, "invalid"),
        (request("GET /api/rooms HTTP/1.1", "Host: .a", host=False), 400, "invalid"),
        (request("GET /login HTTP/1.1", "Host: " + "a" * 64, host=False), 400, "invalid"),
        (request("GET /" + "a" * 9000 + " HTTP/1.1"), 414, "too_long"),
        (request("GET / HTTP/1.1", "X: " + "a" * 17_000), 431, "too_long"),
        (request("GET / HTTP/1.1", *["a: b"] * 1000), 431, "too_long"),
        (request("BEFRIEND / HTTP/1.1"), 400, "invalid"),
        (request("PROPFIND / HTTP/1.1"), 501, "invalid"),
        (request("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked"), 501, "invalid"),
        (request("POST /login HTTP/1.1", "Expect: the moon"), 417, "invalid"),
        (request("POST /login HTTP/1.1", "Content-Length: 300000"), 413, "too_long"),
        (
            request("POST /login HTTP/1.1", "Transfer-Encoding: chunked", body="fffff\r\n"),
            413,
            "too_long",
        ),
        (
            request("POST /login HTTP/1.1", "Transfer-Encoding: chunked", body="z\r\n"),
            400,
            "invalid",
        ),
        (
            request("POST /x HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked"),
            400,
            "invalid",
        ),
    ],
)
def test_whoever_refuses_a_request_does_so_in_the_form_of_the_api(maru, sent, status, code):
    got, headers, body = refused(maru, sent)
    assert got == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Connection"] == "close"
    error = json.loads(body)["error"]
    assert error["code"] == code and error["message"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /login HTTP/1.1\r\nHost: maru\r\n",
        request("POST /login HTTP/1.1", "Content-Length: 100", body="name="),
        request("POST /login HTTP/1.1", "Transfer-Encoding: chunked", body="5\r\nname="),
    ],
    ids=["head", "body", "chunks"],
)
def test_whoever_sends_too_slowly_is_told_so_and_gives_up_the_place(maru, sent):
    status, _, body = refused(maru, sent)
    assert status == 408 and json.loads(body)["error"]["code"] == "invalid"


def test_a_connection_on_which_nothing_comes_is_closed(maru):
    with connect(maru) as connection:
        connection.settimeout(30)
        assert connection.recv(1) == b""


def test_operators_are_answered_when_all_places_are_taken(own_maru):
    maru = own_maru(workers=1, MAX_CONNECTIONS="5")
    held = [connect(maru) for _ in range(5)]
    page, health = request("GET /login HTTP/1.1"), request("GET /healthz HTTP/1.1")
    eventually(lambda: b" 503 " in ask(connect(maru), page)[:15])
    crowd = [connect(maru) for _ in range(100)]
    for path in ("/healthz", "/readyz"):
        assert b"200 OK" in ask(connect(maru), request(f"GET {path} HTTP/1.1"))
    held += [connect(maru) for _ in range(5)]
    status, headers, body = refused(maru, page)
    assert status == 503 and headers["Retry-After"] == "5"
    assert json.loads(body)["error"]["code"] == "unavailable"
    for connection in held + crowd:
        connection.close()
    eventually(lambda: b"200 OK" in ask(connect(maru), page))
    assert b"200 OK" in ask(connect(maru), health)
    log = maru.log.read_text()
    # Once each; the places of those who said nothing are free again after some seconds.
    told = log.count("places for connections are taken")
    assert 1 <= told <= 3 and log.count("There are places for connections again") == told


def test_who_fills_and_frees_all_places_again_and_again_does_not_fill_the_log(caplog):
    admission = Admission(20, per_address=0, proxies=0)
    with caplog.at_level("WARNING"):
        for _ in range(50):
            for _ in range(20):
                assert admission.enter(None) is None
            assert admission.enter(None) is not None
            for _ in range(20):
                admission.leave(None)
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    "held_up",
    [
        request("POST /healthz HTTP/1.1", "Content-Length: 200000") + b"1",
        request("POST /healthz HTTP/1.1", "Transfer-Encoding: chunked") + b"1",
        # Refused, and then kept open by the client.
        request("GET /login HTTP/1.1"),
        b"nonsense\r\n\r\n",
    ],
    ids=["body", "chunks", "refused", "nonsense"],
)
def test_requests_without_an_end_do_not_keep_operators_from_being_answered(own_maru, held_up):
    maru = own_maru(workers=1, MAX_CONNECTIONS="5")
    held = [connect(maru) for _ in range(5)]
    page = request("GET /login HTTP/1.1")
    eventually(lambda: b" 503 " in ask(connect(maru), page)[:15])
    for _ in range(2 * RESERVE):
        held.append(connect(maru))
        held[-1].sendall(held_up)
    for path in ("/healthz", "/readyz"):
        assert b"200 OK" in ask(connect(maru), request(f"GET {path} HTTP/1.1")), path
    for connection in held:
        connection.close()


def test_operators_are_answered_also_under_a_path_of_a_site(own_maru):
    maru = own_maru(workers=1, MAX_CONNECTIONS="5", BASE_PATH="/chat")
    held = [connect(maru) for _ in range(5)]
    page = request("GET /chat/login HTTP/1.1")
    eventually(lambda: b" 503 " in ask(connect(maru), page)[:15])
    # As a proxy leaves the path on, and as one takes it off.
    for path in ("/chat/healthz", "/chat/readyz", "/healthz", "/readyz"):
        assert b"200 OK" in ask(connect(maru), request(f"GET {path} HTTP/1.1")), path
    for path in ("/chat/login", "/chat/chat/healthz", "/chathealthz"):
        # Those that say nothing lose their places after some seconds; others take them again.
        held += [connect(maru) for _ in range(5)]
        assert refused(maru, request(f"GET {path} HTTP/1.1"))[0] == 503, path
    for connection in held:
        connection.close()


def test_an_address_has_so_many_connections_and_others_notice_nothing(own_maru):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="6")
    page = request("GET /login HTTP/1.1")
    held = [connect(maru) for _ in range(6)]
    status, headers, body = refused(maru, page)
    assert status == 429 and headers["Retry-After"]
    error = json.loads(body)["error"]
    assert (error["code"], error["retry"]) == ("rate_limited", True)
    with socket.create_connection(
        ("127.0.0.1", maru.port), timeout=30, source_address=("127.0.0.2", 0)
    ) as other:
        assert b"200 OK" in ask(other, page)
    for connection in held:
        connection.close()
    eventually(lambda: b"200 OK" in ask(connect(maru), page))


def test_behind_a_proxy_addresses_are_counted_and_never_the_proxy(own_maru):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="3", TRUSTED_PROXIES="1")
    idle = [connect(maru) for _ in range(10)]

    def opened(address):
        connection = connect(maru)
        connection.sendall(
            request(
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                f"X-Forwarded-For: 203.0.113.9, {address}",
            )
        )
        idle.append(connection)
        return connection.recv(20).split()[1]

    assert [opened("198.51.100.4:1234") for _ in range(3)] == [b"101"] * 3
    assert opened("198.51.100.4") == b"429"
    assert opened("198.51.100.5") == b"101"
    for connection in idle:
        connection.close()
    eventually(lambda: opened("198.51.100.4") == b"101")


def test_a_person_has_so_many_connections(own_maru):
    maru = own_maru(workers=1, CONNECTIONS_PER_PERSON="2")
    held = [Raw(maru.admin).introduce() for _ in range(2)]
    one_too_many = Raw(maru.admin)
    one_too_many.send("40" + json.dumps({"token": maru.admin.token}))
    answer = one_too_many.receive()
    assert answer.startswith("44")
    error = json.loads(answer[2:])["data"]
    assert error["code"] == "rate_limited" and error["retryAfter"] > 0
    Raw(maru.register("ben")).introduce()
    held.pop().abort()

    def again():
        raw = Raw(maru.admin)
        raw.send("40" + json.dumps({"token": maru.admin.token}))
        return raw.receive().startswith("40")

    eventually(again)


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.0", True),
        ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.0", False),
        ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", False),
    ],
)
def test_a_websocket_begins_with_http_1_1_and_a_host(maru, line, host):
    fields = (
        *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    assert refused(maru, request(line, *fields, host=host))[0] == 400


def test_requests_that_come_together_are_answered_in_order(maru):
    page, health = request("GET /nothing HTTP/1.1"), request("GET /healthz HTTP/1.1")
    last = request("GET /healthz HTTP/1.1", "Connection: close")
    with connect(maru) as connection:
        connection.settimeout(30)
        connection.sendall(health + page + health * 20 + last)
        heard = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert heard.count(b"HTTP/1.1 200 OK") == 22 and heard.count(b"HTTP/1.1 404 ") == 1


def test_a_body_in_chunks_is_read_as_any_other(maru):
    body = json.dumps({"name": "admin", "password": "correct horse"})
    chunks = "".join(f"1\r\n{letter}\r\n" for letter in body) + "0\r\n\r\n"
    fields = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    with connect(maru) as connection:
        connection.settimeout(30)
        answer = ask(connection, request("POST /api/token HTTP/1.1", *fields, body=chunks))
    assert answer.startswith(b"HTTP/1.1 200 OK")
