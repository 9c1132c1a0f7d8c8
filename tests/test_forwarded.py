"""Headers of reverse proxies, and which of them are trusted."""

import pytest

from chat.transport.forwarded import Forwarded

PEER = "192.0.2.1"


def seen(proxies, peer=PEER, **headers):
    """The environment that the app gets of a request by plain HTTP."""
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "chat.example"}
    environ |= {f"HTTP_{name}": value for name, value in headers.items()}
    Forwarded(lambda environ, start: [], proxies)(environ, lambda *_: None)
    return environ


@pytest.mark.parametrize(
    ("said", "proxies", "address"),
    [
        ("10.2.0.4", 0, PEER),
        ("10.2.0.4", 1, "10.2.0.4"),
        ("10.2.0.4:5004", 1, "10.2.0.4"),
        ('"[2001:db8::1]:5004"', 1, "2001:db8::1"),
        ("203.0.113.9, 10.2.0.4", 1, "10.2.0.4"),
        ("203.0.113.9, 10.2.0.4:5004, 10.9.9.9", 2, "10.2.0.4"),
        ("10.2.0.4", 2, PEER),
        ("", 1, PEER),
        (" , ", 1, PEER),
        ("unknown", 1, PEER),
        ("_hidden", 1, PEER),
        ("10.2.0.4, unknown", 1, PEER),
        ("nonsense" * 1000, 1, PEER),
    ],
)
def test_the_client_is_who_the_outermost_trusted_proxy_says(said, proxies, address):
    assert seen(proxies, X_FORWARDED_FOR=said)["REMOTE_ADDR"] == address


def test_a_peer_of_both_kinds_of_address_is_one():
    assert seen(0, peer="::ffff:192.0.2.1")["REMOTE_ADDR"] == PEER


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        *(
            ("https", "https"),
            ("HTTPS", "https"),
            ("http, https", "https"),
            ("https, http", "http"),
        ),
        *(("wss", "https"), ("ws", "http"), ("javascript", "http"), ("", "http"), (",", "http")),
    ],
)
def test_the_nearest_proxy_says_whether_it_is_tls(said, scheme):
    assert seen(1, X_FORWARDED_PROTO=said)["wsgi.url_scheme"] == scheme
    assert seen(0, X_FORWARDED_PROTO=said)["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize(
    "header",
    [
        *("FORWARDED", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP"),
        *("X_FORWARDED_PORT", "X_FORWARDED_PREFIX", "X_FORWARDED_SERVER", "X_FORWARDED_SCHEME"),
        "X_SCRIPT_NAME",
    ],
)
def test_no_library_further_in_gets_to_see_it(header, proxies):
    environ = seen(proxies, **{header: "evil.example"})
    assert f"HTTP_{header}" not in environ
    assert (environ["HTTP_HOST"], environ["REMOTE_ADDR"]) == ("chat.example", PEER)
