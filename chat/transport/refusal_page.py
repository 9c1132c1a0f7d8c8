"""The page for a browser whose request is refused before the app gets it, in both languages.

The app's own error pages are in the language of the person. Here at most the request's head is
known. Programs get the error form of docs/api.md instead.
"""

import gettext
from functools import cache
from pathlib import Path

_TRANSLATIONS = Path(__file__).parents[2] / "translations"


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue of translations."""
    return sentence


_TOO_LONG = N_("What was sent is longer than allowed.")
#: HTTP status -> the sentence for a person. Other statuses have that of 400.
_SENTENCES = {
    400: N_("Something in what was sent could not be understood."),
    408: N_("What was sent came too slowly. Try again."),
    413: _TOO_LONG,
    414: _TOO_LONG,
    429: N_(
        "Too much is open here from your network. Close some pages, and try again in a moment."
    ),
    431: _TOO_LONG,
    500: N_("It is not your fault. It has been noted in the server's log."),
    503: N_("The server is busy. Try again in a moment."),
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{status} · Maru</title>
</head>
<body>
<h1>{status}</h1>
<p>{english}</p>
<p lang="ko">{korean}</p>
</body>
</html>
"""


def is_wanted(accept: str) -> bool:
    """Whether a request with this ``Accept`` comes from a browser that shows the response."""
    return "text/html" in accept


@cache
def refusal_page(status: int) -> bytes:
    """The page for this HTTP status, in UTF-8."""
    english = _SENTENCES.get(status, _SENTENCES[400])
    # Without the compiled catalogue, which bin/setup makes, both are English.
    catalogue = gettext.translation("messages", _TRANSLATIONS, ["ko"], fallback=True)
    page = _PAGE.format(status=status, english=english, korean=catalogue.gettext(english))
    return page.encode()
