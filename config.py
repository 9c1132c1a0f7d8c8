"""Maru's settings: read from the environment and ``.env``, checked before anything starts.

``load()`` gives ``Settings`` or raises ``ConfigError`` with one line for the operator.
``python config.py --help`` prints the table that ``bin/run --help`` shows.
"""

import difflib
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import env_file
import secret_file
import setting_checks as check
import setting_relations
from setting_checks import SECRET_MIN, Check

#: The checkout.
ROOT = check.ROOT
#: Longest that a token may live, in seconds: revocations are remembered for as long.
TOKEN_SECONDS_MAX = 31 * 24 * 3600
#: Characters of a wrong value that are shown.
SHOWN_MAX = 100
_OTHER_PREFIXES = ("FLASK_", "GUNICORN_", "PYTHON")  # of other settings that .env may contain


class ConfigError(Exception):
    """A setting is missing or wrong; the text is one line that names it."""


def setting(default: str, check_: Check, about: str, *, shown: Callable[[str], str] = repr) -> Any:
    """A field of ``Settings``; ``shown`` formats its value for an error, without secrets."""
    metadata = {"default": default, "check": check_, "help": about, "shown": shown}
    return field(metadata=metadata, repr=shown is repr)


_RATE = check.whole(0, 100_000)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field a setting; its name in the environment is the same in capitals."""

    host: str = setting(
        "127.0.0.1", check.address, "Address to listen on; 0.0.0.0 for every IPv4 one."
    )
    port: int = setting("5000", check.whole(1, 65535), "Port to listen on.")
    workers: int = setting("2", check.whole(1, 256), "Worker processes that share the port.")
    max_connections: int = setting(
        "10000",
        check.whole(1, 1_000_000),
        "Connections a worker holds; the next one is answered 503.",
    )
    connections_per_address: int = setting(
        "2000",
        check.whole(0, 1_000_000),
        "Connections of one address (IPv6: a /64) that a worker holds. 0: no limit.",
    )
    connections_per_person: int = setting(
        "50",
        check.whole(0, 1_000_000),
        "Socket.IO connections of one person that a worker holds. 0: no limit.",
    )
    redis_url: str = setting(
        "",
        check.redis_url,
        "redis://, rediss:// or unix://. Empty: a Valkey of Maru's own, kept in DATA_DIR.",
        shown=check.masked,
    )
    key_prefix: str = setting(
        "maru:",
        check.key_prefix,
        "In front of every key and channel: one for each Maru on a store.",
    )
    database_url: str = setting(
        "",
        check.database_url,
        "The archive: postgresql://. Empty: SQLite, in DATA_DIR.",
        shown=check.masked,
    )
    recent: int = setting(
        "5000", check.whole(1, 1_000_000), "Entries of each room kept in memory, changes included."
    )
    data_dir: Path = setting(
        "var", check.path, "Folder of the embedded Valkey, the SQLite archive and Maru's secrets."
    )
    secret_key: str = setting(
        "",
        check.secret,
        "Signs login cookies. Empty: made once and kept in DATA_DIR.",
        shown=check.length,
    )
    jwt_secret_key: str = setting(
        "", check.secret, "Signs tokens. Empty: made once and kept in DATA_DIR.", shown=check.length
    )
    tls_cert: Path | None = setting("", check.file, "Certificate chain (PEM); serves HTTPS.")
    tls_key: Path | None = setting("", check.file, "Private key (PEM) of TLS_CERT.")
    allowed_origins: tuple[str, ...] = setting(
        "",
        check.origins,
        "Other origins whose pages may connect, with commas. Empty: the same only.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        "", check.hosts, "Hosts that requests may name, with commas. Empty: any."
    )
    base_path: str = setting(
        "", check.base_path, "Path of the site that Maru is under, such as /chat. Empty: all of it."
    )
    trusted_proxies: int = setting(
        "0",
        check.whole(0, 10),
        "Reverse proxies in front whose X-Forwarded-* headers are believed.",
    )
    registration: str = setting(
        "open",
        check.one_of("open", "approval", "closed"),
        "Who may register: anyone; anyone, but chat once an admin agrees; nobody.",
    )
    locale: str = setting("en", check.one_of("en", "ko"), "Language of the server's own sentences.")
    token_seconds: int = setting(
        "900", check.whole(1, TOKEN_SECONDS_MAX), "Seconds that an access token lives."
    )
    presence_lease: int = setting(
        "30", check.whole(1, 3600), "Seconds after which a silent connection counts as lost."
    )
    presence_grace: int = setting(
        "3", check.whole(0, 3600), "Seconds that a dropped connection has to come back unnoticed."
    )
    history_length: int = setting(
        "0", check.whole(0, 100_000_000), "Entries kept of each room at all. 0: every one."
    )
    history_days: int = setting(
        "0", check.whole(0, 36_500), "Days after which messages are deleted for good. 0: never."
    )
    message_max: int = setting("4000", check.whole(1, 100_000), "Longest message, in characters.")
    message_rate: int = setting(
        "10", _RATE, "Messages a second for each person, three times that in a burst. 0: no limit."
    )
    room_rate: int = setting(
        "30", _RATE, "Rooms made a minute by each person, three times that in a burst. 0: no limit."
    )
    join_rate: int = setting(
        "10",
        _RATE,
        "Joins and leaves a second for each person, twenty times that in a burst. 0: no limit.",
    )
    read_rate: int = setting(
        "10",
        _RATE,
        "Other calls a second for each person, twenty times that in a burst. 0: no limit.",
    )
    rooms_per_person: int = setting(
        "500", check.whole(0, 1_000_000), "Rooms that one person may own. 0: no limit."
    )
    login_rate: int = setting(
        "10", _RATE, "Wrong passwords a minute for each account and each address. 0: no limit."
    )
    log_level: str = setting(
        "info", check.one_of("debug", "info", "warning", "error"), "Least important lines to log."
    )

    @property
    def embedded(self) -> bool:
        """Whether Maru runs a Valkey of its own."""
        return not self.redis_url

    @property
    def shown_store(self) -> str:
        """``redis_url`` without its password."""
        return check.masked(self.redis_url).strip("'")

    @property
    def store_url(self) -> str:
        """The URL of the store to connect to, also of the embedded one."""
        # Imported here: the table of settings is printed without this module.
        from chat.store.embedded import socket_path

        return self.redis_url or f"unix://{quote(str(socket_path(self.data_dir)))}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in ``environ``, or in the process's environment over ``.env``.

    An empty value counts as absent. Makes the secrets that the embedded store needs.
    """
    given = {**_from_env_file(), **os.environ} if environ is None else environ
    values = {f.name: _checked(f, given.get(f.name.upper(), "").strip()) for f in fields(Settings)}
    try:
        setting_relations.check(values)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    for name in ("secret_key", "jwt_secret_key"):
        values[name] = values[name] or _generated_secret(values["data_dir"] / name)
    return Settings(**values)


def names() -> list[str]:
    """The names of the settings in the environment."""
    return [f.name.upper() for f in fields(Settings)]


def table() -> str:
    """Every setting with its default and meaning, for a terminal of 80 columns."""
    return "\n".join(line for f in fields(Settings) for line in _row(f))


def _row(f: Field[Any]) -> Iterator[str]:
    head = f"  {f.name.upper():<24}{f.metadata['default'] or '-':<11}"
    yield from textwrap.wrap(
        f.metadata["help"], 80, initial_indent=head, subsequent_indent=" " * len(head)
    )


def warnings() -> list[str]:
    """A line for each setting that probably has a wrong name, and so has no effect.

    In ``.env`` that is every unknown name, in the environment every name that is very similar to a
    setting's. There is also a line for an ``ENV_FILE`` that does not exist, and for two secrets
    that are the same. Raises ``ConfigError``.
    """
    known, path = names(), env_path()
    lines = []
    if "ENV_FILE" in os.environ and path and not path.exists():
        lines.append(f"ENV_FILE names {path}, which is not there.")
    for name in _from_env_file():
        if name not in known and not name.startswith(_OTHER_PREFIXES):
            similar = difflib.get_close_matches(name.upper(), known, 1, 0.6)
            hint = f" Is {similar[0]} meant?" if similar else ""
            lines.append(f"{name} in {path} is no setting of Maru.{hint}")
    for name in os.environ:
        similar = difflib.get_close_matches(name.upper(), known, 1, 0.85)
        # Short names are similar to many others.
        if similar and name not in known and len(name) > 5:
            lines.append(f"{name} in the environment is no setting of Maru. Is {similar[0]} meant?")
    given = {**_from_env_file(), **os.environ}
    secrets = [given.get(name, "").strip() for name in ("SECRET_KEY", "JWT_SECRET_KEY")]
    if secrets[0] and secrets[0] == secrets[1]:
        lines.append("SECRET_KEY and JWT_SECRET_KEY are the same: give each one of its own.")
    return lines


def env_path() -> Path | None:
    """The path of ``.env`` or of the file that ``ENV_FILE`` names. The file may be missing."""
    named = os.environ.get("ENV_FILE", ".env")
    try:
        return check.path(named) if named else None
    except ValueError as error:
        raise ConfigError(f"ENV_FILE cannot be {_short(repr(named))}: it takes {error}.") from None


def _from_env_file() -> dict[str, str]:
    path = env_path()
    try:
        return env_file.read(path) if path else {}
    except env_file.EnvFileError as error:
        raise ConfigError(str(error)) from None


def _checked(f: Field[Any], text: str) -> Any:
    try:
        check.readable(text)
        return f.metadata["check"](text or f.metadata["default"])
    except ValueError as error:
        shown = _short(f.metadata["shown"](text))
        raise ConfigError(f"{f.name.upper()} cannot be {shown}: it takes {error}.") from None


def _short(shown: str) -> str:
    return shown if len(shown) <= SHOWN_MAX else f"{shown[:SHOWN_MAX]}…"


def _generated_secret(path: Path) -> str:
    try:
        text = secret_file.read(path)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise ConfigError(f"DATA_DIR cannot be '{path.parent}': {reason} ({path.name}).") from None
    if len(text) < SECRET_MIN:
        raise ConfigError(f"{path} holds too short a secret: it takes {SECRET_MIN} characters.")
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
