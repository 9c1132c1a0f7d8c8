"""JSON as clients and server exchange it; python-socketio takes this module as its ``json``."""

import json
from typing import Any

import orjson


def dumps(value: Any, **_: Any) -> str:
    """The value as JSON; an ``orjson.Fragment`` in it stays as it is."""
    return orjson.dumps(value).decode()


def loads(text: str, **_: Any) -> Any:
    """The value of this JSON. Raises ``ValueError``, also for JSON that is nested too deep.

    The standard library's reader accepts some texts that orjson refuses, for example those with
    half surrogates. For these the domain has a better error than "not JSON".
    """
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
