"""Ids of people: made once, and never changed or given to anybody else."""

import re
import secrets
import string

_LETTERS = string.ascii_lowercase + string.digits
#: Characters of a new id behind the ``u``: 77 bits.
_LENGTH = 15
_SHAPE = re.compile(r"u(?=[a-z]*[0-9])[a-z0-9]{12,31}", re.ASCII)


def new_id() -> str:
    """A new userId: ``u`` and 15 letters and digits, at least one of them a digit."""
    while True:
        made = "u" + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        if is_id(made):
            return made


def is_id(text: str) -> bool:
    """Could this be a userId? The digit tells an id from a name such as ``ulrichschneider``."""
    return _SHAPE.fullmatch(text) is not None


def unnamed(user_id: str) -> str:
    """The name of who has none any more."""
    return f"deleted-{user_id[-6:]}"
