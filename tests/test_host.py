"""The name in a ``Host`` header, as ALLOWED_HOSTS and the security headers read it."""

import pytest

from chat.transport.host import name_of
from chat.transport.http_rules import security_headers


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("chat.example", "chat.example"),
        ("Chat.Example.:5000", "chat.example"),
        ("chat.example:", "chat.example"),
        ("my_machine:80", "my_machine"),
        ("10.0.0.7:5000", "10.0.0.7"),
        ("[2001:DB8:0::1]:443", "2001:db8::1"),
    ],
)
def test_a_host_has_a_name(host, name):
    assert name_of(host) == name


INVALID = [
    *("", ":80", "a..example", ".example", "a:0", "a:65536", "a:99999", "a:x", "[::zz]", "[::1"),
    *("a b", "\u00e4.example", "a.example; script-src *", "x" * 64, ".".join(["x" * 60] * 5)),
]


@pytest.mark.parametrize("host", INVALID)
def test_an_invalid_host_has_none(host):
    assert name_of(host) is None


@pytest.mark.parametrize("host", INVALID)
def test_an_invalid_host_is_not_in_the_policy(host):
    policy = security_headers(host, tls=False)["Content-Security-Policy"]
    assert "connect-src 'self'; font-src" in policy


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("chat.example", "ws://chat.example"),
        ("chat.example:5000", "ws://chat.example:5000"),
        ("chat.example:", "ws://chat.example"),
        ("[::1]:", "ws://[::1]"),
        ("[::1]:5000", "ws://[::1]:5000"),
    ],
)
def test_the_policy_has_the_address_of_the_host(host, address):
    policy = security_headers(host, tls=False)["Content-Security-Policy"]
    assert f"connect-src 'self' {address}; font-src" in policy
