"""Client addresses: parsed from headers of proxies or from the socket, and grouped by network."""

from ipaddress import IPv4Address, IPv6Address, ip_address

#: Characters of a text at most; the longest IPv6 address with a port has 53.
LONGEST = 100


def parse(text: str) -> str | None:
    """The address in ``text``, in its canonical form; ``None`` if there is none.

    Takes the forms of ``Forwarded`` and ``X-Forwarded-For``: ``10.2.0.4``, ``10.2.0.4:5004``,
    ``2001:db8::1``, ``[2001:db8::1]``, ``[2001:db8::1]:5004``, each also in double quotes. An IPv4
    address that is mapped into IPv6 is given as IPv4.
    """
    if len(text) > LONGEST:
        return None
    text = text.strip(" \t")
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    address, port = text, ""
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in address:
            return None
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
        port = f":{port}"
    if port and not _is_port(port):
        return None
    try:
        # The zone of a link-local address (behind "%") names an interface of this machine.
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def network_of(address: str) -> str:
    """The network by which a client is counted: an IPv4 address itself, or the /64 of an IPv6 one.

    One IPv6 client usually has a whole /64 to itself. A text that is no address is given as it is.
    """
    canonical = parse(address)
    if canonical is None:
        return address
    found: IPv4Address | IPv6Address = ip_address(canonical)
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64))
    return canonical


def forwarded_for(header: str, proxies: int) -> str | None:
    """The client's address in ``X-Forwarded-For``, where the nearest ``proxies`` are trusted.

    Each of them appends the address that it was called from; the client itself may have written
    anything further left. ``None`` if there are fewer entries, or if that entry is no address.
    """
    entries = header.rsplit(",", proxies)
    return parse(entries[-proxies]) if 0 < proxies <= len(entries) else None


def _is_port(text: str) -> bool:
    digits = text[1:]
    return text[0] == ":" and digits.isascii() and digits.isdigit() and len(digits) <= 5
