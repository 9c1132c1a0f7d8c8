"""What was sent to the API: JSON bodies and numbers in queries."""

import re
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from chat import validation
from chat.errors import N_, Invalid, NotFound
from chat.transport.http_rules import BODY_MAX

_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)


def json_object() -> dict[str, Any]:
    """The request's body, which has to be a JSON object; its values may be anything.

    orjson refuses what Python's parser lets pass: NaN, lone surrogates, nesting without end. Raises
    ``Invalid``, ``UnsupportedMediaType`` for a body that does not say that it is JSON, and
    ``RequestEntityTooLarge``.
    """
    sent = _whole_body()
    if not request.is_json and (request.content_type or sent):
        raise UnsupportedMediaType("The body has to be application/json.")
    try:
        body = orjson.loads(sent)
    except orjson.JSONDecodeError:
        raise Invalid(N_("The body has to be JSON.")) from None
    if not isinstance(body, dict):
        raise Invalid(N_("The body has to be a JSON object."))
    return body


def number(field: str) -> int | None:
    """A whole number of the query string, ``None`` when it is not there. Raises ``Invalid``."""
    given = request.args.get(field)
    if given is None:
        return None
    value = int(given) if _DIGITS.fullmatch(given) else None
    return validation.whole_number(value, field)


def message_number(given: str) -> int:
    """The number of a message in a path. Raises ``NotFound`` for what none can have."""
    value = int(given) if _DIGITS.fullmatch(given) else 0
    if not 1 <= value <= validation.NUMBER_MAX:
        raise NotFound(N_("There is no such message."))
    return value


def _whole_body() -> bytes:
    body = request.get_data()
    if request.content_length is None and len(body) >= BODY_MAX:
        # Of a body that does not tell its length, Werkzeug gives just the beginning.
        raise RequestEntityTooLarge()
    return body
