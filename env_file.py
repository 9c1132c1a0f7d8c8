"""Reads the file ``.env``, with clear errors: people write it with many kinds of editors."""

import io
from pathlib import Path

#: Bytes of the file at most.
LONGEST = 1_000_000


class EnvFileError(Exception):
    """The file cannot be used. The text is one line that names the file."""


def read(path: Path) -> dict[str, str]:
    """The settings in the file; none if there is no such file. Raises ``EnvFileError``."""
    # Imported here, since bin/setup lists the settings before any package is installed.
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    text = _text(path)
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            number = line.original.line
            raise EnvFileError(f"{path} cannot be used: line {number} is not NAME=value.")
    # No interpolation: a secret may contain ${...}.
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise EnvFileError(f"{path} cannot be read: {_reason(error)}.") from None
    if len(content) > LONGEST:
        raise EnvFileError(f"{path} cannot be used: it is longer than {LONGEST} bytes.")
    try:
        # Some editors put a byte order mark in front.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise EnvFileError(
            f"{path} cannot be used: line {line} is not UTF-8; save it so."
        ) from None
    if "\0" in text:
        raise EnvFileError(f"{path} cannot be used: it is no text in UTF-8; save it so.")
    return text


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
