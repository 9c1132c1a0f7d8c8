"""Which origins may connect to Socket.IO, and the headers of the responses."""

import socket

import pytest
import requests
import websocket
from werkzeug import Response
from werkzeug.test import Client

from chat.transport.cross_origin import CrossOrigin

FOREIGN = "https://evil.example"
POLL = "/socket.io/?EIO=4&transport=polling"
SECURITY = {
    *("content-security-policy", "x-content-type-options", "referrer-policy"),
    *("cross-origin-opener-policy", "cache-control"),
}


def upgraded(maru, **headers):
    """The status of a request for a WebSocket with these headers."""
    url = f"{maru.url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
    origin, host = headers.pop("Origin"), headers.pop("Host", None)
    try:
        client = websocket.create_connection(
            url, header=headers, origin=origin, host=host, timeout=30
        )
    except websocket.WebSocketBadStatusException as refusal:
        return refusal.status_code
    client.close()
    return 101


def polled(maru, query="", **headers):
    return requests.get(maru.url + POLL + query, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def open_maru(tmp_path_factory):
    """One that lets a partner's pages and an app in, behind a proxy."""
    from tests.live.cluster import Maru

    allowed = "https://Partner.Example:443, capacitor://localhost"
    folder = tmp_path_factory.mktemp("open")
    maru = Maru(folder, workers=1, ALLOWED_ORIGINS=allowed, TRUSTED_PROXIES="1")
    try:
        yield maru.start()
    finally:
        maru.stop()


@pytest.mark.parametrize("ask", [upgraded, lambda *a, **h: polled(*a, **h).status_code])
class TestOrigin:
    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
            {"X-Forwarded-Host": "evil.example"},
            {"Forwarded": "host=evil.example;proto=https"},
            {"X-Forwarded-Server": "evil.example", "X-Forwarded-Port": "443"},
        ],
    )
    def test_a_strangers_page_may_not_whatever_it_says_of_proxies(self, maru, ask, said):
        assert ask(maru, Origin=FOREIGN, **said) == 400

    def test_nor_with_tls_that_nobody_is_trusted_to_tell_of(self, maru, ask):
        own = maru.url.replace("http:", "https:")
        assert ask(maru, Origin=own, **{"X-Forwarded-Proto": "https"}) == 400

    def test_our_own_page_may(self, maru, ask):
        assert ask(maru, Origin=maru.url) in (101, 200)

    def test_our_own_page_may_also_where_others_may(self, open_maru, ask):
        assert ask(open_maru, Origin=open_maru.url) in (101, 200)

    def test_our_own_page_may_behind_a_proxy_with_tls(self, open_maru, ask):
        own = {"Host": "chat.example", "X-Forwarded-Proto": "https"}
        assert ask(open_maru, Origin="https://chat.example", **own) in (101, 200)
        assert ask(open_maru, Origin="http://chat.example", **own) == 400

    @pytest.mark.parametrize("origin", ["https://partner.example", "capacitor://localhost"])
    def test_those_in_allowed_origins_may(self, open_maru, ask, origin):
        assert ask(open_maru, Origin=origin) in (101, 200)

    @pytest.mark.parametrize("origin", ["https://partner.example:444", "null", FOREIGN])
    def test_others_may_not(self, open_maru, ask, origin):
        assert ask(open_maru, Origin=origin) == 400


def test_a_partners_page_may_read_what_it_polls(open_maru):
    answer = polled(open_maru, Origin="https://partner.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://partner.example"
    assert "Origin" in answer.headers["Vary"]
    asked = {"Origin": "https://partner.example", "Access-Control-Request-Headers": "x-tenant"}
    preflight = requests.options(open_maru.url + POLL, headers=asked, timeout=30)
    assert preflight.headers["Access-Control-Allow-Headers"] == "x-tenant"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("allowed", "credentials"), [("*", None), ("https://partner.example", "true")]
)
def test_where_every_origin_is_allowed_none_may_send_cookies(allowed, credentials):
    polling = CrossOrigin(Response("0{}"), "/socket.io", frozenset({allowed}))
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": "https://partner.example"}
        answer = Client(polling).open(POLL, method=method, headers=headers)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://partner.example"
        assert answer.headers.get("Access-Control-Allow-Credentials") == credentials


@pytest.mark.parametrize("index", ["j=0", "j=", "%6a=0", "j=x", "j=0&j=1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_script_of_this_origin_cannot_be_made_by_jsonp(maru, index, method):
    answer = requests.request(method, f"{maru.url}{POLL}&{index}", data="d=4", timeout=30)
    assert answer.status_code == 400
    assert "___eio" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/login", {}),
        ("GET", "/", {}),
        ("GET", "/static/icon.svg", {}),
        ("GET", "/static/nothing", {}),
        ("GET", "/api/nothing", {}),
        ("GET", "/healthz", {}),
        ("GET", POLL, {}),
        ("GET", POLL, {"Origin": FOREIGN}),
        ("GET", POLL + "&j=0", {}),
        ("GET", POLL + "&sid=00000000.gone", {}),
        ("GET", "/socket.io/?EIO=3", {}),
        ("GET", "/socket.io/?EIO=4&transport=websocket", {}),
        ("POST", POLL, {}),
        ("OPTIONS", POLL, {"Origin": FOREIGN}),
        ("DELETE", POLL, {}),
    ],
)
def test_every_answer_has_the_security_headers(maru, method, path, headers):
    url = maru.url + path
    answer = requests.request(method, url, headers=headers, allow_redirects=False, timeout=30)
    assert {name.lower() for name in answer.headers} >= SECURITY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_refused_websocket_has_them_too(maru):
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    head = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{maru.port}\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}Origin: {FOREIGN}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", maru.port), 30) as connection:
        connection.sendall(head.encode())
        heard = b"".join(iter(lambda: connection.recv(65_536), b"")).lower()
    assert heard.startswith(b"http/1.1 400 ")
    assert all(name.encode() + b": " in heard for name in SECURITY)


def test_a_client_with_a_port_in_its_address_shares_no_limit_with_others(own_maru):
    """Azure's and some other gateways append the port."""
    maru = own_maru(workers=1, TRUSTED_PROXIES="1", LOGIN_RATE="3")

    def log_in(address):
        body = {"name": "admin", "password": "wrong password"}
        headers = {"X-Forwarded-For": address}
        return requests.post(maru.url + "/api/token", json=body, headers=headers, timeout=30)

    statuses = [log_in(f"10.2.0.4:{port}").status_code for port in range(5000, 5005)]
    assert statuses[-1] == 429
    body = {"name": "nobody", "password": "wrong password"}
    other = requests.post(
        maru.url + "/api/token", json=body, headers={"X-Forwarded-For": "10.2.0.5:5004"}, timeout=30
    )
    assert other.status_code == 401
