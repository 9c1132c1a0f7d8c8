import pytest

from chat.transport.address import forwarded_for, network_of, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.2.0.4", "10.2.0.4"),
        (" 10.2.0.4\t", "10.2.0.4"),
        ("10.2.0.4:5004", "10.2.0.4"),
        ('"10.2.0.4:5004"', "10.2.0.4"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:5004"', "2001:db8::1"),
        ("::ffff:10.2.0.4", "10.2.0.4"),
        ("[::ffff:10.2.0.4]:5004", "10.2.0.4"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_read_however_it_is_written(text, address):
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", " ", '"', '""', "unknown", "_hidden", "localhost", "10.2.0", "10.2.0.4.5", "010.2.0.4",
        "10.2.0.4:", "10.2.0.4:http", "10.2.0.4:123456", "10.2.0.4:５", "10.2.0.4 10.2.0.5",
        "[10.2.0.4]", "[2001:db8::1", "[2001:db8::1]5004", "[]", "[]:1", "2001:db8::1::",
        "1" * 10_000, "10.2.0.4\0", "٠.٠.٠.٠",
    ],
)  # fmt: skip
def test_what_is_no_address_is_none(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.2.0.4", "10.2.0.4"),
        ("::ffff:10.2.0.4", "10.2.0.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("nothing of the kind", "nothing of the kind"),
    ],
)
def test_a_client_is_counted_by_the_network_it_has(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("header", "proxies", "client"),
    [
        ("198.51.100.4", 1, "198.51.100.4"),
        ("203.0.113.9, 198.51.100.4:5004", 1, "198.51.100.4"),
        ("203.0.113.9,198.51.100.4, 10.0.0.1", 2, "198.51.100.4"),
        ('"made up, 198.51.100.4', 1, "198.51.100.4"),
        ('made up", 198.51.100.4', 1, "198.51.100.4"),
        ("203.0.113.9", 2, None),
        ("203.0.113.9, unknown", 1, None),
        ("203.0.113.9, ", 1, None),
        ("", 1, None),
        ("203.0.113.9", 0, None),
    ],
)
def test_only_what_trusted_proxies_have_added_names_the_client(header, proxies, client):
    assert forwarded_for(header, proxies) == client
