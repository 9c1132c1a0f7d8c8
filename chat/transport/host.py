"""The host that a request is for, as its ``Host`` names it (RFC 9110, section 7.2)."""

import re
from ipaddress import IPv6Address

#: Characters of a name, without the dot that may end it (RFC 1035).
LONGEST = 253
# Underscores are not allowed in DNS host names, but machines in small networks have them.
_HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*)\.?"
    r"|\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\])"
    r"(?::(?P<port>[0-9]{0,5}))?",
    re.ASCII,
)


def name_of(host: str) -> str | None:
    """The name or address in a ``Host``, in lower case and without port; ``None`` if it is invalid.

    An IPv6 address comes without brackets, in its canonical form (RFC 5952). A name has the form of
    DNS: no label is empty or has more than 63 characters.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name, ipv6, port = found.groups()
    if port and not is_port(port):
        return None
    if ipv6 is not None:
        return canonical_ipv6(ipv6)
    return name.lower() if len(name) <= LONGEST else None


def is_port(digits: str) -> bool:
    """Whether these ASCII digits are the number of a port."""
    return 0 < int(digits) <= 65535


def canonical_ipv6(text: str) -> str | None:
    """An IPv6 address in its canonical form; ``None`` if the text is none."""
    try:
        return str(IPv6Address(text))
    except ValueError:
        return None
