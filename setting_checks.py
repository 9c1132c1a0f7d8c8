"""Checks of settings: each takes the text of a setting and returns its value.

A check raises ``ValueError`` for a wrong text; the error's text continues the sentence "it takes
...". The settings are listed before any package is installed, so packages are imported only within
the checks that need them.
"""

import ipaddress
import os
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parent
SECRET_MIN = 32
#: Bytes of one name in a path, and of all of it.
NAME_MAX, PATH_MAX = 255, 4000

Check = Callable[[str], Any]

_LABEL = re.compile(r"[\w-]{1,63}")
#: Options of REDIS_URL that an operator may set; Maru sets the others itself.
_STORE_OPTIONS = {
    *("db", "username", "password", "ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_path"),
    *("ssl_certfile", "ssl_keyfile", "ssl_keyfile_password", "ssl_check_hostname"),
}
#: First parts of Maru's own paths. BASE_PATH must not begin with one, or a path could mean both.
_OWN_PATHS = {
    *("rooms", "login", "register", "logout", "language", "settings", "admin", "api", "static"),
    *("socket.io", "healthz", "readyz", "metrics"),
}
_DATABASE = "postgresql://USER:PASSWORD@HOST/DATABASE"
_STORE = "redis://HOST, rediss://HOST (TLS) or unix:///PATH"


def readable(text: str) -> None:
    """Raises ``ValueError`` for bytes that are no text: Python makes half characters of them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text in UTF-8") from None


def whole(least: int, most: int) -> Check:
    def check(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return check


def one_of(*words: str) -> Check:
    def check(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text.lower()

    return check


def address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not _is_host_name(text):
            raise ValueError("an IP address or a host name, without a port") from None
    return text


def path(text: str) -> Path:
    """Relative to the checkout, not to the current folder: bin/run may be called from anywhere."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        # Errors and the log name it, a line each.
        raise ValueError("a path without control characters")
    try:
        given = ROOT / Path(text).expanduser()
        # A name that is too long is an error of each later use, and not of this one.
        names = [os.fsencode(name) for name in given.parts]
        if max(map(len, names)) > NAME_MAX or len(b"/".join(names)) > PATH_MAX:
            raise ValueError
        # Neither the folder that ~ means nor that of a link need have a name in UTF-8.
        str(given.resolve()).encode()
    except RuntimeError:
        raise ValueError("a path whose ~ is somebody's home and whose links end") from None
    except (OSError, ValueError):
        raise ValueError("a path that this system can have") from None
    return given


def file(text: str) -> Path | None:
    if not text:
        return None
    given = path(text)
    try:
        with given.open("rb"):
            return given
    except OSError as error:
        raise ValueError(f"the path of a file that can be read ({error.strerror})") from None


def certificate(chain: Path, key: Path) -> None:
    """Raises ``ValueError`` if the files are not a certificate and the key that belongs to it."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key, password="")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"a PEM certificate and its own private key, without a passphrase ({error})"
        ) from None


def redis_url(text: str) -> str:
    """A URL that the store's client accepts in all parts, so that connecting cannot fail on it."""
    if not text:
        return text
    if not re.fullmatch(r"unix://([^/@\s]*@)?/\S+|rediss?://[^/?#\s]+\S*", text):
        raise ValueError(_STORE)
    if "#" in text:
        raise ValueError(f"{_STORE}; a # in a password is written %23")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(
            f"{_STORE}, with a port from 1 to 65535; in a password : / ? # [ ] @ are written"
            " %3A %2F %3F %23 %5B %5D %40"
        ) from None
    if port == 0:
        raise ValueError(f"{_STORE}, with a port from 1 to 65535")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    for name in options:
        if name not in _STORE_OPTIONS:
            # The error does not show the name: it may be a part of a password that has a "?".
            known = ", ".join(sorted(_STORE_OPTIONS))
            raise ValueError(f"after a question mark only {known}; a ? in a password is %3F")
    number = options.get("db", url.path.strip("/") if url.scheme != "unix" else "") or "0"
    if not re.fullmatch(r"\d{1,5}", number, re.ASCII):
        raise ValueError("a database that is a number: redis://HOST:6379/0")
    if url.scheme != "unix":
        address(url.hostname or "")
    _check_tls_options(options)
    return text


def database_url(text: str) -> str:
    """An address of PostgreSQL as psycopg takes it."""
    if not text:
        return text
    if not re.fullmatch(r"postgres(ql)?://[^\s#]+", text):
        raise ValueError(f"{_DATABASE}; in a password : / ? # [ ] @ are written %3A %2F and so on")
    try:
        url = urlsplit(text)
        has_port = url.port is None or url.port > 0
    except ValueError:
        has_port = False
    if not has_port:
        raise ValueError(
            f"{_DATABASE}, with a port from 1 to 65535; in a password : / ? # [ ] @ are written"
            " %3A %2F %3F %23 %5B %5D %40"
        )
    if not url.path.strip("/"):
        raise ValueError(f"{_DATABASE}, with the name of the database")
    return text


def key_prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:-]{1,40}", text, re.ASCII):
        raise ValueError("1 to 40 of the characters A-Z a-z 0-9 . _ : -")
    return text


def base_path(text: str) -> str:
    given = text.rstrip("/")
    if not given:
        return ""
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", given, re.ASCII) or len(given) > 200:
        raise ValueError("a path such as /chat")
    first = given.split("/")[1]
    if first in _OWN_PATHS:
        raise ValueError(f"a path such as /chat, which does not begin like Maru's own /{first}")
    return given


def _check_tls_options(options: dict[str, str]) -> None:
    if options.get("ssl_cert_reqs", "required") not in ("none", "optional", "required"):
        raise ValueError("ssl_cert_reqs none, optional or required")
    for name in ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"):
        if name in options and not Path(options[name]).exists():
            raise ValueError(f"for {name} the path of what is there")


def origins(text: str) -> tuple[str, ...]:
    # Imported here, since settings are listed before any package is installed.
    from chat.transport.origin import canonical

    found = [origin for origin in re.split(r"[\s,]+", text) if origin]
    if found == ["*"]:
        return ("*",)
    # An address copied from a browser ends with a slash.
    written = [canonical(re.sub(r"(?<!/)/$", "", origin)) for origin in found]
    if None in written:
        raise ValueError("origins such as https://chat.example.org, with commas, or * for any")
    return tuple(dict.fromkeys(origin for origin in written if origin))


def hosts(text: str) -> tuple[str, ...]:
    # Imported here, since settings are listed before any package is installed.
    from chat.transport.host import name_of
    from chat.transport.origin import canonical

    names = []
    for given in filter(None, re.split(r"[\s,]+", text)):
        bare_ipv6 = given.count(":") > 1 and not given.startswith("[")
        # In the form that browsers send, also for an internationalised name.
        written = canonical(f"http://[{given}]" if bare_ipv6 else f"http://{given}") or ""
        host = written.removeprefix("http://")
        name = name_of(host)
        if name is None or not re.fullmatch(r"[^:]+|\[.*\]", host):
            raise ValueError("host names or addresses without ports, such as chat.example.org")
        names.append(name)
    return tuple(dict.fromkeys(names))


def secret(text: str) -> str:
    if text and len(text) < SECRET_MIN:
        raise ValueError(f"at least {SECRET_MIN} characters")
    return text


def masked(url: str) -> str:
    """A store's URL for messages, without every part that may belong to a password."""
    if re.fullmatch(r"(\w+://)?([\w.-]+(:\d{1,5})?)?(/[\w./-]*)?", url, re.ASCII):
        return repr(url)
    scheme = re.match(r"\w+://", url, re.ASCII)
    host = re.fullmatch(r"[\w.-]+(:\d{1,5})?(/[\w./-]*)?", url.rpartition("@")[2], re.ASCII)
    return repr(f"{scheme[0] if scheme else ''}***{'@' + host[0] if host and '@' in url else ''}")


def length(text: str) -> str:
    return f"{len(text)} characters"


def _is_host_name(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
