"""Origins of pages (RFC 6454), compared as browsers send them."""

import re

import idna

from chat.transport.host import canonical_ipv6, is_port

#: Characters of an origin that is looked at: the longest host name has 253.
LONGEST = 300
#: Ports that browsers leave out.
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: The origin of pages that a mobile app loads from its own files: it has no host.
_HOSTLESS = "file://"

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>[^\s\x00-\x20/?#@*:\\\[\]]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)


def canonical(text: str) -> str | None:
    """An origin as browsers write it; ``None`` if no page can have it.

    That is in lower case and without the scheme's default port; an internationalised name is in its
    ASCII form (``xn--…``). Mobile apps have schemes of their own: ``capacitor://localhost``.
    """
    if len(text) > LONGEST:
        return None
    if text.lower() == _HOSTLESS:
        return _HOSTLESS
    found = _ORIGIN.fullmatch(text)
    if found is None or found["scheme"].lower() in ("ws", "wss"):
        return None
    scheme, port = found["scheme"].lower(), found["port"]
    if not scheme.isascii() or (port and not is_port(port)):
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
        ipv6 = canonical_ipv6(text[1:-1])
        return None if ipv6 is None else f"[{ipv6}]"
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        return None
