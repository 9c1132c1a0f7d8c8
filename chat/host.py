"""The host that a request is for, as its ``Host`` names it (RFC 9110, section 7.2)."""

import re
from ipaddress import IPv6Address

#: Characters of a name, without the dot that may end it (RFC 1035).
LONGEST = 253
# Also what no DNS has, but the names of machines in a small network do: underscores.
_HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*)\.?"
    r"|\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\])"
    r"(?::(?P<port>[0-9]{0,5}))?",
    re.ASCII,
)


def name_of(host: str) -> str | None:
    """The name or address in a ``Host``, in small letters and without port; ``None`` if it is none.

    An IPv6 address has no brackets, and is written as one always writes it. What is a name in DNS
    can be written in a URL: no label is empty or has more than 63 characters.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name, ipv6, port = found.groups()
    if port and not 0 < int(port) <= 65535:
        return None
    if ipv6 is None:
        return name.lower() if len(name) <= LONGEST else None
    try:
        return str(IPv6Address(ipv6))
    except ValueError:
        return None
