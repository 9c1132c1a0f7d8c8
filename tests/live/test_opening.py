"""The short way of a WebSocket's opening request takes what is plain, and as gunicorn would."""

import json
import socket

import pytest
import requests
import websocket
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import example, given
from hypothesis import strategies as st

from chat.live import opening

SERVER, CLIENT = ("127.0.0.1", 5000), ("192.0.2.7", 40_000)

LINE = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"
HEADERS = [
    "Host: chat.example:5000",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
]
BROWSER = [
    *HEADERS,
    "Origin: http://chat.example:5000",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
    "Accept-Language: ko,en;q=0.7",
    "Cookie: session=.eJw9zDEOgzAMRu.a; locale=ko",
    "X-Forwarded-For: 198.51.100.4, 192.0.2.1",
    "X-Forwarded-Proto: https",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "X-Empty:",
    "X-Spaced:   \t a  b \t ",
    "X-Latin: caf\xe9",
]


def request(line=LINE, headers=HEADERS, after=""):
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1") + after.encode("latin-1")


def read(data):
    return opening.read(data, SERVER, CLIENT)


def as_gunicorn_reads(data):
    """Its WSGI environment, or ``None`` where it refuses the request."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        config = Config()
        for name, value in (("forwarded_allow_ips", ""), ("forwarder_headers", "")):
            config.set(name, value)
        config.set("secure_scheme_headers", {})
        try:
            parsed = next(RequestParser(config, ours, CLIENT))
        except (ParseException, StopIteration):
            return None
        return wsgi.create(parsed, ours, CLIENT, SERVER, config)[1]


def assert_same(found, data):
    environ, length = found
    assert data[:length].endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n", 0, length) == 1
    expected = as_gunicorn_reads(data)
    assert expected is not None, "gunicorn refuses it"
    ours = {k: v for k, v in environ.items() if k not in ("wsgi.input", "wsgi.errors")}
    theirs = {k: expected.get(k) for k in ours}
    assert ours == theirs
    heard = {k for k in expected if k.startswith("HTTP_")} | {"CONTENT_TYPE"} & set(expected)
    assert heard == {k for k in environ if k.startswith("HTTP_")}


@pytest.mark.parametrize("headers", [HEADERS, BROWSER])
def test_a_plain_request_is_read_as_gunicorn_reads_it(headers):
    data = request(headers=headers)
    assert_same(read(data), data)


def test_a_session_id_and_escapes_stay_as_they_are():
    data = request("GET /socket.io/?EIO=4&transport=websocket&sid=ab%20c.d-e_f HTTP/1.1")
    assert_same(read(data), data)


def test_what_follows_the_request_is_not_part_of_it():
    data = request(after="\x81\x05hello")
    assert read(data)[1] == len(data) - 7


@pytest.mark.parametrize("missing", range(1, len(request()) + 1, 7))
def test_a_request_that_is_not_all_there_is_left(missing):
    assert read(request()[:-missing]) is None


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("POST /socket.io/?EIO=4&transport=websocket HTTP/1.1", HEADERS),
        ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.0", HEADERS),
        ("GET /socket.io/?EIO=4&transport=websocket HTTP/2.0", HEADERS),
        ("GET /socket.io/?EIO=4#&transport=websocket HTTP/1.1", HEADERS),
        ("GET /socket.io/?EIO=4&caf\xe9 HTTP/1.1", HEADERS),
        ("GET /socket.io/../socket.io/?EIO=4 HTTP/1.1", HEADERS),
        ("GET http://chat.example/socket.io/?EIO=4 HTTP/1.1", HEADERS),
        ("GET /rooms HTTP/1.1", HEADERS),
        (LINE, HEADERS[:1]),
        (LINE, [*HEADERS[:2], "Upgrade: h2c", *HEADERS[3:]]),
        (LINE, [*HEADERS, "Content-Length: 0"]),
        (LINE, [*HEADERS, "Content-Length: 5"]),
        (LINE, [*HEADERS, "Transfer-Encoding: chunked"]),
        (LINE, [*HEADERS, "Expect: 100-continue"]),
        (LINE, [*HEADERS, "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"]),
        (LINE, [*HEADERS, "Content-Type: text/plain"]),
        (LINE, [*HEADERS, *(f"X-{i}: x" for i in range(101))]),
        (LINE, [*HEADERS, "Host: another.example"]),
        (LINE, [*HEADERS, "Content_Length: 5"]),
        (LINE, [*HEADERS, "X Y: z"]),
        (LINE, [*HEADERS, "X: a", " folded"]),
        (LINE, [*HEADERS, "no colon"]),
        (LINE, [*HEADERS, "X: a\nY: b"]),
        (LINE, [*HEADERS, "X: a\0b"]),
        (LINE, [*HEADERS, "X: " + "a" * opening.HEAD_MAX]),
    ],
)
def test_an_odd_request_is_left(line, headers):
    assert read(request(line, headers)[: opening.HEAD_MAX]) is None


@given(
    at=st.integers(0, len(request(headers=BROWSER))),
    cut=st.integers(0, 3),
    put=st.binary(max_size=3) | st.sampled_from([b"\r\n", b"\n", b":", b" ", b"\t", b"_", b"\0"]),
)
@example(at=0, cut=0, put=b"\r\n")
def test_whatever_is_taken_gunicorn_takes_as_well(at, cut, put):
    plain = request(headers=BROWSER)
    data = plain[:at] + put + plain[at + cut :]
    found = read(data)
    if found is not None:
        assert_same(found, data)


class TestServed:
    """By a real worker."""

    @pytest.fixture
    def connection(self, maru):
        with socket.create_connection(("127.0.0.1", maru.port), 10) as connection:
            yield connection

    def request(self, maru, *headers):
        return request(headers=[f"Host: 127.0.0.1:{maru.port}", *HEADERS[1:], *headers])

    def answer(self, connection, until):
        heard = b""
        while until not in heard:
            part = connection.recv(65_536)
            assert part, heard
            heard += part
        return heard

    def test_at_once(self, maru, connection):
        connection.sendall(self.request(maru))
        assert self.answer(connection, b'"sid"').startswith(b"HTTP/1.1 101 ")

    @pytest.mark.parametrize("cut", [1, 30, -1])
    def test_in_pieces(self, maru, connection, cut):
        whole = self.request(maru)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(whole[:cut])
        # By the time that somebody else has been served, it will have been looked at.
        assert requests.get(f"{maru.url}/healthz", timeout=10).status_code == 200
        connection.sendall(whole[cut:])
        assert self.answer(connection, b'"sid"').startswith(b"HTTP/1.1 101 ")

    def test_with_the_first_frames_behind_it(self, maru, connection):
        hello = websocket.ABNF.create_frame("40" + json.dumps({"token": maru.admin.token}), 1)
        connection.sendall(self.request(maru) + hello.format())
        assert self.answer(connection, b'40{"sid"').startswith(b"HTTP/1.1 101 ")

    def test_a_refusal_is_a_whole_answer_and_the_end(self, maru, connection):
        behind = b"\x81\x80\0\0\0\0"
        connection.sendall(self.request(maru, "Origin: https://evil.example") + behind)
        heard = b"".join(iter(lambda: connection.recv(65_536), b""))
        head, _, body = heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ") and b"Connection: close" in head
        assert f"Content-Length: {len(body)}".encode() in head and body
