"""The colour and the initials that stand for a person: ``static/js/avatar.js`` makes the same.

``tests/fixtures/avatars.json`` holds what both must make of a name.
"""

import re

from flask import Flask

#: Colours of avatars.
_HUES = 10
_KOREAN = re.compile("[가-힣]+(?:[._-][가-힣]+)*")


def init_app(app: Flask) -> None:
    """Let templates use ``hue`` and ``initials``."""
    app.jinja_env.filters.update(hue=hue, initials=initials)


def hue(name: str) -> str:
    """A class of ``css/controls.css``; the same name has the same colour everywhere."""
    total = 0
    for byte in name.encode():
        total = (total * 31 + byte) % 9973
    return f"hue-{total % _HUES}"


def initials(name: str) -> str:
    """김보라 is 보라, kim.bora is KB, Bora is B. All are taken from the beginning of the name: the
    display name 보라 (디자인팀) is 보라."""
    korean = _KOREAN.match(name)
    if korean:
        syllables = re.sub(r"[._-]", "", korean[0])
        # Of a whole name the given name; of more than a name its beginning.
        return syllables[-2:] if len(syllables) <= 4 else syllables[:2]
    parts = [part for part in re.split(r"[._-]", name) if part] or [name]
    return "".join(_first_letter(part).upper() for part in parts[:2])


def _first_letter(part: str) -> str:
    """The first letter or digit; the first character, where there is none."""
    return next((character for character in part if character.isalnum()), part[:1])
