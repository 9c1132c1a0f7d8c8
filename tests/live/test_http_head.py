"""The head of a request is read in any pieces; heads that gunicorn refuses are refused."""

import socket

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import example, given
from hypothesis import strategies as st

from chat.transport.http_head import FIELDS_MAX, HEAD_MAX, LINE_MAX, HeadReader
from chat.transport.http_refusal import Refused

SERVER, CLIENT = ("127.0.0.1", 5000), ("192.0.2.7", 40_000)
CONNECTION = {
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "5000",
    "REMOTE_ADDR": "192.0.2.7",
    "REMOTE_PORT": "40000",
    "wsgi.url_scheme": "http",
}

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
    "Cookie: session=.eJw9zDEOgzAMRu.a; locale=ko",
    "X-Forwarded-For: 198.51.100.4, 192.0.2.1",
    "X-Empty:",
    "X-Spaced:   \t a  b \t ",
    "X-Latin: caf\xe9",
    "X-Twice: a",
    "X-Twice: b",
    "X_Underscored: c",
    "Content-Type: application/json",
    "Content-Length: 7",
]
#: Of the connection and the server, not of the request.
OTHER = {"wsgi.input", "wsgi.errors", "wsgi.multiprocess", "wsgi.multithread"}


def head(line=LINE, headers=HEADERS, after=""):
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1") + after.encode("latin-1")


def read(data, size=None):
    """The request, and what follows it; in pieces of a size, if one is given."""
    reader = HeadReader()
    for at in range(0, len(data), size or len(data)):
        piece = data[at : at + (size or len(data))]
        rest = reader.feed(piece)
        if rest is not None:
            return reader.request(CONNECTION), rest + data[at + len(piece) :]
    return None


def refusal(data, size=None):
    """The status that it is refused with, ``None`` if it is not."""
    try:
        read(data, size)
    except Refused as refused:
        return refused.status
    return None


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


def assert_same(request, data):
    expected = as_gunicorn_reads(data)
    assert expected is not None, "gunicorn refuses it"
    ours = {k: v for k, v in request.environ.items() if k not in OTHER}
    assert ours == {k: expected.get(k) for k in ours}
    heard = {k for k in expected if k.startswith(("HTTP_", "CONTENT_"))}
    assert heard - {"HTTP_TRANSFER_ENCODING"} == {
        k for k in request.environ if k.startswith(("HTTP_", "CONTENT_"))
    }


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("line", "headers"),
    [
        (LINE, HEADERS),
        (LINE, BROWSER),
        ("POST /api/rooms/%EB%A7%88//x?q=%20 HTTP/1.1", BROWSER),
        ("GET // HTTP/1.0", HEADERS),
        ("GET / HTTP/1.0", []),
        ("POST / HTTP/1.1", [HEADERS[0], "Transfer-Encoding: chunked"]),
        ("GET http://chat.example:5000/rooms?x HTTP/1.1", HEADERS),
    ],
)
def test_a_request_is_read_as_gunicorn_reads_it_in_whatever_pieces(line, headers, size):
    data = head(line, headers, after="behind it")
    request, rest = read(data, size)
    assert rest == b"behind it"
    assert_same(request, data)


def test_one_empty_line_may_stand_before_it():
    assert read(b"\r\n" + head(), 1)[0].environ["PATH_INFO"] == "/socket.io/"
    assert refusal(b"\r\n\r\n" + head()) == 400


@pytest.mark.parametrize("missing", range(1, len(head()), 7))
def test_a_head_that_is_not_all_there_is_waited_for(missing):
    assert read(head()[:-missing]) is None


POST = "POST /api/token HTTP/1.1"
HOST = HEADERS[0]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET / HTTP/2.0", [HOST], 400),
        ("GET / HTTP/1.2", [HOST], 400),
        ("GET / RTSP/1.0", [HOST], 400),
        ("SOURCE / ICE/1.0", [HOST], 400),
        ("GET /", [HOST], 400),
        ("GET  / HTTP/1.1", [HOST], 400),
        ("GET / x HTTP/1.1", [HOST], 400),
        ("get / HTTP/1.1", [HOST], 400),
        ("CONNECT chat.example:5000 HTTP/1.1", [HOST], 501),
        ("PROPFIND / HTTP/1.1", [HOST], 501),
        ("GET /caf\xe9 HTTP/1.1", [HOST], 400),
        ("GET /#a HTTP/1.1", [HOST], 400),
        ("GET * HTTP/1.1", [HOST], 400),
        ("OPTIONS * HTTP/1.1", [HOST], 400),
        ("GET http://other.example/ HTTP/1.1", [HOST], 400),
        ("GET http://a@chat.example:5000/ HTTP/1.1", [HOST], 400),
        ("GET ftp://chat.example:5000/ HTTP/1.1", [HOST], 400),
        ("GET / HTTP/1.1", [], 400),
        ("GET / HTTP/1.1", ["Host:"], 400),
        ("GET / HTTP/1.1", ["Host: a b"], 400),
        ("GET / HTTP/1.1", ["Host: a, b"], 400),
        ("GET / HTTP/1.1", ["Host: a/b"], 400),
        ("GET / HTTP/1.1", ["Host: a..b"], 400),
        ("GET / HTTP/1.0", ["Host: a..b"], 400),
        ("GET / HTTP/1.1", ["Host: .a"], 400),
        ("GET / HTTP/1.1", ["Host: ."], 400),
        ("GET / HTTP/1.1", ["Host: a.."], 400),
        ("GET / HTTP/1.1", ["Host: " + "a" * 64], 400),
        ("GET / HTTP/1.1", ["Host: a." + "b" * 64 + ".example:80"], 400),
        ("GET / HTTP/1.1", ["Host: " + ".".join(["a" * 60] * 5)], 400),
        ("GET / HTTP/1.1", ["Host: a:0"], 400),
        ("GET / HTTP/1.1", ["Host: a:65536"], 400),
        ("GET / HTTP/1.1", ["Host: :80"], 400),
        ("GET / HTTP/1.1", ["Host: [:::1]"], 400),
        ("GET / HTTP/1.1", ["Host: [1.2]"], 400),
        ("GET / HTTP/1.1", ["Host: []"], 400),
        ("GET / HTTP/1.1", ["Host: ::1"], 400),
        ("GET / HTTP/1.1", [HOST, HOST], 400),
        ("GET / HTTP/1.1", [HOST, "Host: other.example"], 400),
        ("GET / HTTP/1.1", [HOST, "X Y: z"], 400),
        ("GET / HTTP/1.1", [HOST, "X : z"], 400),
        ("GET / HTTP/1.1", [HOST, "X: a", " folded"], 400),
        ("GET / HTTP/1.1", [HOST, "no colon"], 400),
        ("GET / HTTP/1.1", [HOST, ": no name"], 400),
        ("GET / HTTP/1.1", [HOST, "X: a\nY: b"], 400),
        ("GET / HTTP/1.1", [HOST, "X: a\rY: b"], 400),
        ("GET / HTTP/1.1", [HOST, "X: a\0b"], 400),
        ("GET / HTTP/1.1", [HOST, "X: a\x7fb"], 400),
        (POST, [HOST, "Content-Length: 5", "Content-Length: 5"], 400),
        (POST, [HOST, "Content-Length: 5, 5"], 400),
        (POST, [HOST, "Content-Length: +5"], 400),
        (POST, [HOST, "Content-Length: -1"], 400),
        (POST, [HOST, "Content-Length: 0x5"], 400),
        (POST, [HOST, "Content-Length:"], 400),
        (POST, [HOST, "Content-Length: 99999999999999999999"], 400),
        (POST, [HOST, "Content-Length: 262145"], 413),
        (POST, [HOST, "Content-Length: 5", "Transfer-Encoding: chunked"], 400),
        (POST, [HOST, "Transfer-Encoding: chunked", "Content-Length: 5"], 400),
        (POST, [HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400),
        (POST, [HOST, "Transfer-Encoding: gzip, chunked"], 501),
        (POST, [HOST, "Transfer-Encoding: gzip"], 400),
        (POST, [HOST, "Transfer-Encoding: chunked, identity"], 400),
        ("POST / HTTP/1.0", [HOST, "Transfer-Encoding: chunked"], 400),
        (POST, [HOST, "Content-Type: text/plain", "Content-Type: application/json"], 400),
        (POST, [HOST, "Expect: the moon"], 417),
        ("GET / HTTP/1.1", [HOST, *(f"X-{i}: x" for i in range(FIELDS_MAX))], 431),
        ("GET / HTTP/1.1", [HOST, *("a: b" for i in range(FIELDS_MAX))], 431),
        ("GET / HTTP/1.1", [HOST, "X: " + "a" * HEAD_MAX], 431),
        ("GET / HTTP/1.1", [HOST, "a" * HEAD_MAX + ": x"], 431),
        ("GET /" + "a" * LINE_MAX + " HTTP/1.1", [HOST], 414),
    ],
)
def test_what_could_be_read_in_two_ways_or_is_too_long_is_refused(line, headers, status, size):
    assert refusal(head(line, headers), size) == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00", 400),
        (b"\x00\xff" * 100, 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /" + b"a" * 20_000, 414),
        (b"\r\n" * 20_000, 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000, 431),
    ],
)
def test_a_head_that_will_never_be_one_is_refused_before_its_end(sent, status):
    reader = HeadReader()
    with pytest.raises(Refused) as refused:
        for at in range(0, len(sent), 100):
            assert reader.feed(sent[at : at + 100]) is None
    assert refused.value.status == status


@pytest.mark.parametrize(
    "host",
    [
        *(
            "a",
            "a.",
            "Chat.Example:5000",
            "a:",
            "a" * 63,
            "my_maru:5000",
            "127.0.0.1",
            "[::1]:5000",
        ),
        *("[::ffff:192.0.2.1]", "xn--strae-oqa.example", ".".join(["a" * 49] * 5) + "." + "a" * 3),
    ],
)
def test_a_host_that_a_browser_can_name_is_taken(host):
    assert refusal(head("GET / HTTP/1.1", [f"Host: {host}"])) is None


@given(
    at=st.integers(0, len(head(headers=BROWSER))),
    cut=st.integers(0, 3),
    put=st.binary(max_size=3) | st.sampled_from([b"\r\n", b"\n", b":", b" ", b"\t", b"_", b"\0"]),
    size=st.sampled_from([None, 1, 5]),
)
@example(at=0, cut=0, put=b"\r\n", size=None)
def test_whatever_is_taken_gunicorn_takes_as_well(at, cut, put, size):
    plain = head(headers=BROWSER)
    data = plain[:at] + put + plain[at + cut :]
    try:
        found = read(data, size)
    except Refused:
        return
    if found is not None:
        assert_same(found[0], data)


def test_a_refusal_has_the_form_of_the_api():
    answer = Refused(429, "Too many.", 5).response(tls=True)
    top, _, body = answer.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    for line in (
        b"Retry-After: 5",
        b"Connection: close",
        b"X-Content-Type-Options: nosniff",
        b"Content-Type: application/json",
        b"Strict-Transport-Security: max-age=31536000",
        b"Content-Length: %d" % len(body),
    ):
        assert line in top.split(b"\r\n")
    assert body == (
        b'{"error":{"code":"rate_limited","message":"Too many.","retry":true,"retryAfter":5}}\n'
    )  # fmt: skip
