"""The colour and the initials that stand for a person: ``static/js/names.js`` makes the same.

``tests/fixtures/avatars.json`` holds what both must make of a name.
"""

import re

from flask import Flask

_HUES = 10


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(hue=hue, initials=initials)


def hue(name: str) -> str:
    """A class of ``css/controls.css``; the same name has the same colour everywhere."""
    total = 0
    for byte in name.encode():
        total = (total * 31 + byte) % 9973
    return f"hue-{total % _HUES}"


def initials(name: str) -> str:
    """김보라 is 보라, kim.bora is KB, Bora is B."""
    if "가" <= name[:1] <= "힣":
        return name[-2:]
    parts = [part for part in re.split(r"[._-]", name) if part] or [name]
    return "".join(part[:1].upper() for part in parts[:2])
