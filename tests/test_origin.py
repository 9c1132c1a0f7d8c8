import pytest

from chat.transport.origin import canonical, is_allowed


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://chat.example.org", "https://chat.example.org"),
        ("HTTPS://Chat.Example.ORG", "https://chat.example.org"),
        ("https://a.example:443", "https://a.example"),
        ("https://a.example:0443", "https://a.example"),
        ("https://a.example:80", "https://a.example:80"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:8080", "http://a.example:8080"),
        ("https://마루.example", "https://xn--2s2b1p.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8:0::1]:443", "https://[2001:db8::1]"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("ionic://localhost", "ionic://localhost"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ("file://", "file://"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text, origin):
    assert canonical(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "*", "example.org", "https://", "https://example.org/", "https://example.org/x",
        "https://bora@example.org", "https://*.example.org", "https://a.example:", "//a.example",
        "https://a.example:0", "https://a.example:65536", "https://a.example:http",
        "https://[::1", "https://[nothing]", "https://::1", "wss://a.example", "https://a b",
        "https://a.example\n", "https://a\\b", "https://" + "a" * 400, "https://\ud800.example",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_none(text):
    assert canonical(text) is None


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        ("http://chat.example:5000", "http", "chat.example:5000"),
        ("https://chat.example", "https", "Chat.Example:443"),
        ("http://chat.example", "http", "chat.example:80"),
        ("http://[::1]:5000", "http", "[::1]:5000"),
    ],
)
@pytest.mark.parametrize("allowed", [frozenset(), frozenset({"https://partner.example"})])
def test_the_same_origin_always_may(origin, scheme, host, allowed):
    assert is_allowed(origin, scheme, host, allowed)


@pytest.mark.parametrize(
    "origin", ["https://partner.example", "https://PARTNER.example:443", "capacitor://localhost"]
)
def test_those_that_are_allowed_may(origin):
    allowed = frozenset({"https://partner.example", "capacitor://localhost"})
    assert is_allowed(origin, "https", "chat.example", allowed)


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "https://evil.example", "http://chat.example", "https://chat.example:444"),
        *("https://chat.example.evil.example", "https://partner.example.", "capacitor://other"),
    ],
)
def test_others_may_not(origin):
    allowed = frozenset({"https://partner.example", "capacitor://localhost"})
    assert not is_allowed(origin, "https", "chat.example", allowed)


@pytest.mark.parametrize("origin", ["null", "https://any.example", "what?"])
def test_any_may_where_any_is_allowed(origin):
    assert is_allowed(origin, "https", "chat.example", frozenset({"*"}))


def test_a_request_without_a_host_has_no_origin_of_its_own():
    assert not is_allowed("http://", "http", "", frozenset())
