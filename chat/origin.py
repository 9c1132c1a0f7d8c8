"""Origins of pages (RFC 6454), compared as browsers send them."""

import re
from ipaddress import IPv6Address

import idna

#: Characters of an origin that is looked at: the longest host name has 253.
LONGEST = 300
#: Ports that browsers leave out.
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Files of a phone's own pages have no host.
_HOSTLESS = "file://"

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>[^\s\x00-\x20/?#@*:\\\[\]]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)


def canonical(text: str) -> str | None:
    """An origin as browsers write it; ``None`` if it is none that a page may have.

    Lower case, without the scheme's default port, and a name in other letters than ASCII in its
    form of DNS (``xn--…``). Apps have schemes of their own: ``capacitor://localhost``.
    """
    if len(text) > LONGEST:
        return None
    if text.lower() == _HOSTLESS:
        return _HOSTLESS
    found = _ORIGIN.fullmatch(text)
    if found is None or found["scheme"].lower() in ("ws", "wss"):
        return None
    scheme, port = found["scheme"].lower(), found["port"]
    if not scheme.isascii() or (port and not 0 < int(port) <= 65535):
        return None
    host = _host(found["host"])
    if host is None:
        return None
    if port is None or int(port) == _DEFAULT_PORTS.get(scheme):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{int(port)}"


def is_allowed(origin: str, scheme: str, host: str, allowed: frozenset[str]) -> bool:
    """Whether a page of ``origin`` may call: it is ours, or one of those ``allowed``.

    ``scheme`` and ``host`` are those of the request; ``allowed`` are canonical, or ``{"*"}``.
    """
    if "*" in allowed or origin in allowed:
        return True
    shown = canonical(origin)
    return shown is not None and (shown in allowed or shown == canonical(f"{scheme}://{host}"))


def _host(text: str) -> str | None:
    if text.startswith("["):
        try:
            return f"[{IPv6Address(text[1:-1])}]"
        except ValueError:
            return None
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        return None
