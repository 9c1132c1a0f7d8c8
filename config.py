"""Maru's settings: read from the environment and ``.env``, checked before anything starts.

``load()`` gives ``Settings`` or raises ``ConfigError`` with one line for the operator.
``python config.py --help`` prints the table that ``bin/run --help`` shows.
"""

import fcntl
import ipaddress
import os
import re
import secrets
import ssl
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent
SECRET_MIN = 32
#: Longest that a token may live, in seconds: revocations are remembered for as long.
TOKEN_SECONDS_MAX = 31 * 24 * 3600

Check = Callable[[str], Any]


class ConfigError(Exception):
    """A setting is missing or wrong; the text is one line that names it."""


def _whole(least: int, most: int) -> Check:
    def check(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return check


def _one_of(*words: str) -> Check:
    def check(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text.lower()

    return check


def _address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not re.fullmatch(r"[\w.-]+", text):
            raise ValueError("an IP address or a host name, without a port") from None
    return text


def _path(text: str) -> Path:
    # Against the checkout, not the current folder: bin/run may be called from anywhere.
    return ROOT / Path(text).expanduser()


def _file(text: str) -> Path | None:
    if text and not _path(text).is_file():
        raise ValueError("the path of a file that is there")
    return _path(text) if text else None


def _redis_url(text: str) -> str:
    if text and not re.fullmatch(r"unix://([^/@\s]*@)?/\S+|rediss?://[^/?#\s]+\S*", text):
        raise ValueError("redis://HOST, rediss://HOST (TLS) or unix:///PATH")
    return text


def _origins(text: str) -> tuple[str, ...]:
    # Here, since the table is printed before any package is installed.
    from chat.origin import canonical

    found = [origin for origin in re.split(r"[\s,]+", text) if origin]
    if found == ["*"]:
        return ("*",)
    # A slash at the end is how an address is copied.
    origins = [
        canonical(origin.removesuffix("/") if origin != "file://" else origin) for origin in found
    ]
    if None in origins:
        raise ValueError("origins such as https://chat.example.org, with commas, or * for any")
    return tuple(dict.fromkeys(origin for origin in origins if origin))


def _secret(text: str) -> str:
    if text and len(text) < SECRET_MIN:
        raise ValueError(f"at least {SECRET_MIN} characters")
    return text


def _masked(url: str) -> str:
    return repr(re.sub(r"[^/]*@", "***@", url))


def _length(text: str) -> str:
    return f"{len(text)} characters"


def setting(default: str, check: Check, about: str, *, shown: Callable[[str], str] = repr) -> Any:
    """A field of ``Settings``; ``shown`` writes its value in an error, less what is secret."""
    metadata = {"default": default, "check": check, "help": about, "shown": shown}
    return field(metadata=metadata, repr=shown is repr)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field a setting; its name in the environment is the same in capitals."""

    host: str = setting("127.0.0.1", _address, "Address to listen on; 0.0.0.0 for every IPv4 one.")
    port: int = setting("5000", _whole(1, 65535), "Port to listen on.")
    workers: int = setting("2", _whole(1, 256), "Worker processes that share the port.")
    max_connections: int = setting(
        "10000", _whole(1, 1_000_000), "Connections a worker holds; the next one is answered 503."
    )
    redis_url: str = setting(
        "",
        _redis_url,
        "redis://, rediss:// or unix://. Empty: a Valkey of Maru's own, kept in DATA_DIR.",
        shown=_masked,
    )
    data_dir: Path = setting(
        "var", _path, "Folder of the embedded Valkey and of the secrets made by Maru."
    )
    secret_key: str = setting(
        "", _secret, "Signs login cookies. Empty: made once and kept in DATA_DIR.", shown=_length
    )
    jwt_secret_key: str = setting(
        "", _secret, "Signs tokens. Empty: made once and kept in DATA_DIR.", shown=_length
    )
    tls_cert: Path | None = setting("", _file, "Certificate chain (PEM); serves HTTPS.")
    tls_key: Path | None = setting("", _file, "Private key (PEM) of TLS_CERT.")
    allowed_origins: tuple[str, ...] = setting(
        "", _origins, "Other origins whose pages may connect, with commas. Empty: the same only."
    )
    trusted_proxies: int = setting(
        "0", _whole(0, 10), "Reverse proxies in front whose X-Forwarded-* headers are believed."
    )
    registration: str = setting(
        "open",
        _one_of("open", "approval", "closed"),
        "Who may register: anyone; anyone, but chat once an admin agrees; nobody.",
    )
    locale: str = setting("en", _one_of("en", "ko"), "Language of the server's own sentences.")
    token_seconds: int = setting(
        "900", _whole(1, TOKEN_SECONDS_MAX), "Seconds that an access token lives."
    )
    presence_lease: int = setting(
        "30", _whole(1, 3600), "Seconds after which a silent connection counts as lost."
    )
    presence_grace: int = setting(
        "3", _whole(0, 3600), "Seconds that a dropped connection has to come back unnoticed."
    )
    history_length: int = setting(
        "100000", _whole(1, 100_000_000), "Messages kept of each room, about."
    )
    message_max: int = setting("4000", _whole(1, 100_000), "Longest message, in characters.")
    message_rate: int = setting(
        "10",
        _whole(0, 100_000),
        "Messages a second for each person, three times that in a burst. 0: no limit.",
    )
    login_rate: int = setting(
        "10",
        _whole(0, 100_000),
        "Logins a minute for each account and each address. 0: no limit.",
    )
    log_level: str = setting(
        "info", _one_of("debug", "info", "warning", "error"), "Least important lines to log."
    )

    @property
    def embedded(self) -> bool:
        """Whether Maru runs a Valkey of its own."""
        return not self.redis_url

    @property
    def store_url(self) -> str:
        """The URL to connect to, of the embedded Valkey too."""
        # Here, since the embedded server's module is not needed to print the table.
        from chat.embedded import socket_path

        return self.redis_url or f"unix://{quote(str(socket_path(self.data_dir)))}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in ``environ``, or in the process's environment over ``.env``.

    An empty value counts as absent. Makes the secrets that the embedded store needs.
    """
    given = _environment() if environ is None else environ
    values = {f.name: _checked(f, given.get(f.name.upper(), "").strip()) for f in fields(Settings)}
    _check_relations(values)
    for name in ("secret_key", "jwt_secret_key"):
        values[name] = values[name] or _kept_secret(values["data_dir"] / name)
    return Settings(**values)


def names() -> list[str]:
    """What the settings are called in the environment."""
    return [f.name.upper() for f in fields(Settings)]


def table() -> str:
    """Every setting with its default and meaning, for a terminal of 80 columns."""
    return "\n".join(line for f in fields(Settings) for line in _row(f))


def _row(f: Field[Any]) -> Iterator[str]:
    head = f"  {f.name.upper():<16}{f.metadata['default'] or '-':<11}"
    yield from textwrap.wrap(
        f.metadata["help"], 80, initial_indent=head, subsequent_indent=" " * len(head)
    )


def _environment() -> dict[str, str]:
    # Here, since the table is printed before any package is installed.
    from dotenv import dotenv_values

    env_file = os.environ.get("ENV_FILE", ".env")
    kept = dotenv_values(_path(env_file)) if env_file else {}
    return {name: value for name, value in {**kept, **os.environ}.items() if value is not None}


def _checked(f: Field[Any], text: str) -> Any:
    try:
        return f.metadata["check"](text or f.metadata["default"])
    except ValueError as error:
        shown = f.metadata["shown"](text)
        raise ConfigError(f"{f.name.upper()} cannot be {shown}: it takes {error}.") from None


def _check_relations(values: Mapping[str, Any]) -> None:
    if values["presence_grace"] > values["presence_lease"]:
        raise ConfigError(
            f"PRESENCE_GRACE cannot be {values['presence_grace']}: it takes at most"
            f" PRESENCE_LEASE, which is {values['presence_lease']}."
        )
    if values["redis_url"]:
        for name in ("secret_key", "jwt_secret_key"):
            if not values[name]:
                raise ConfigError(
                    f"{name.upper()} must be set when REDIS_URL is, so that all who share that"
                    f" store agree on it: it takes at least {SECRET_MIN} random characters."
                )
    if bool(values["tls_cert"]) != bool(values["tls_key"]):
        raise ConfigError("TLS_CERT and TLS_KEY must be set together, or neither.")
    if values["tls_cert"]:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                values["tls_cert"], values["tls_key"], password=""
            )
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"TLS_CERT and TLS_KEY cannot be {str(values['tls_cert'])!r} and"
                f" {str(values['tls_key'])!r}: they take a PEM certificate and its own private"
                f" key, without a passphrase ({error})."
            ) from None


def _kept_secret(kept: Path) -> str:
    """The secret in this file; made when the file is new. Two processes get the same one."""
    try:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(kept, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            # Whoever comes second waits, and then reads what the first one wrote.
            fcntl.flock(file, fcntl.LOCK_EX)
            text = file.read().strip()
            if not text:
                text = secrets.token_urlsafe(48)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        raise ConfigError(f"DATA_DIR cannot be '{kept.parent}': {error}.") from None
    if len(text) < SECRET_MIN:
        raise ConfigError(f"{kept} holds too short a secret: it takes {SECRET_MIN} characters.")
    return text


USAGE = """\
Usage: bin/run

Makes what Maru needs inside this checkout, starts it, prints its address, and
stops all of it on Ctrl-C or TERM. Set what follows in the environment or in a
file .env here (ENV_FILE names another, or none when empty); the environment wins.
"""

if __name__ == "__main__":
    if sys.argv[1:] not in (["--help"], ["-h"]):
        sys.exit("maru: bin/run takes no arguments but --help; settings come by environment.")
    print(f"{USAGE}\n{table()}")
