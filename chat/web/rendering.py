"""Pages from templates, with what every template and every page's script is given."""

from collections.abc import Mapping
from typing import Any

from flask import current_app, render_template, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from chat.web.i18n import language


def render(template: str, page: Mapping[str, object] | None = None, **context: Any) -> str:
    """An HTML page. ``page`` is for its script, which always gets ``{lang, base, csrf, me}``.

    A ``current_user`` in ``context`` is shown instead of the one who asked.
    """
    person = context.setdefault("current_user", current_user)
    base = {
        "lang": language(),
        "base": request.root_path,
        "csrf": generate_csrf(),
        "me": getattr(person, "name", None),
    }
    context |= {"lang": language(), "strings": _strings(language())}
    return render_template(template, page={**base, **(page or {})}, **context)


def _strings(lang: str) -> dict[str, str]:
    """What the pages' scripts may say, in the language of the page at hand.

    Translated once for each language: that took more than half of the time of a page.
    """
    known: dict[str, dict[str, str]] = current_app.extensions.setdefault("maru.strings", {})
    if lang not in known or current_app.debug:
        template = current_app.jinja_env.get_template("_strings.html")
        known[lang] = template.make_module().strings  # type: ignore[attr-defined]
    return known[lang]
