"""Pages from templates, with what every template and every page's script is given."""

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from chat.web.i18n import language


def render(template: str, page: Mapping[str, object] | None = None, **context: Any) -> str:
    """An HTML page. ``page`` is for its script, which gets ``{lang, base, csrf, me, version}`` too.

    A ``current_user`` in ``context`` is shown instead of the one who asked.
    """
    person = context.setdefault("current_user", current_user)
    base = {
        "lang": language(),
        "base": request.root_path,
        "csrf": generate_csrf(),
        "me": getattr(person, "name", None),
        "myId": getattr(getattr(person, "person", None), "user_id", None),
        "version": url_for("static", filename=""),
    }
    context["lang"] = language()
    return render_template(template, page={**base, **(page or {})}, **context)
