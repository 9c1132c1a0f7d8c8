"""Which language and time zone a page is in, and how it shows times."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from babel.dates import format_date, format_datetime, format_time, get_timezone
from flask import Flask, Response, after_this_request, request
from flask_babel import Babel, get_locale, gettext
from flask_babel import get_timezone as zone_of_request

from chat.profile import LANGUAGES
from chat.web.security import over_tls
from chat.web.services import services
from config import Settings

_YEAR_S = 365 * 24 * 60 * 60
#: Characters of a browser's list of languages, and of the name of a time zone, that are looked at.
_ACCEPT_MAX, _ZONE_MAX = 512, 64
#: Patterns of Unicode TR 35; Korean says the half of the day before the hour, and in full.
_CLOCK = {"en": "HH:mm", "ko": "aaaa h:mm"}
_FULL = {"en": "EEEE, d MMMM y, HH:mm", "ko": "y년 M월 d일 EEEE aaaa h:mm"}
_DAY = {"en": "d MMMM y", "ko": "y년 M월 d일"}


def init_app(app: Flask, settings: Settings) -> None:
    """Translate pages, and say times in the language and zone of who reads them."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parents[2] / "translations")
    app.config["BABEL_DEFAULT_LOCALE"] = settings.locale
    Babel(app, locale_selector=_choose_language, timezone_selector=_choose_zone)
    app.jinja_env.filters.update(
        clock=clock, day=day, figure=figure, full=full, iso=iso, local=local, moment=moment
    )


def language() -> str:
    """The language of the page at hand: ``en`` or ``ko``."""
    return str(get_locale() or services().settings.locale)


def keep_language(language: str) -> None:
    """Let the browser keep the language of the pages, in the answer to this request."""

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            "lang",
            language,
            max_age=_YEAR_S,
            path=request.root_path or "/",
            secure=over_tls(),
            httponly=True,
            samesite="Lax",
        )
        return response


def clock(ms: int) -> str:
    """``15:12``, ``오후 3:12``."""
    return format_time(_local(ms), _CLOCK[language()], locale=language())


def day(ms: int, now: datetime | None = None) -> str:
    """``Today``, ``Yesterday``, or the date, as seen from ``now``."""
    date = _local(ms).date()
    today = (now or datetime.now(UTC)).astimezone(zone()).date()
    if date == today:
        return str(gettext("Today"))
    if date == today - timedelta(days=1):
        return str(gettext("Yesterday"))
    return format_date(date, _DAY[language()], locale=language())


def full(ms: int) -> str:
    """Date, day of the week and time."""
    return format_datetime(_local(ms), _FULL[language()], locale=language())


def moment(ms: int, now: datetime | None = None) -> str:
    """When something ends: ``15:12`` today, ``tomorrow 15:12``, or with the date."""
    date = _local(ms).date()
    today = (now or datetime.now(UTC)).astimezone(zone()).date()
    if date == today:
        return clock(ms)
    if date == today + timedelta(days=1):
        return f"{gettext('tomorrow')} {clock(ms)}"
    return f"{format_date(date, _DAY[language()], locale=language())} {clock(ms)}"


def local(zone: str) -> str:
    """What time it is now in the time zone of that name."""
    return format_time(datetime.now(get_timezone(zone)), _CLOCK[language()], locale=language())


def iso(ms: int) -> str:
    """For the ``datetime`` attribute: ``2026-11-23T15:12:00.250Z``, as JavaScript writes it."""
    moment = datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def figure(count: int) -> str:
    """``1,234``: both languages write it so."""
    return f"{count:,}"


def zone(otherwise: str = "") -> tzinfo:
    """The time zone of the browser; where a program asks, the one of this name, or UTC."""
    if otherwise and "tz" not in request.cookies:
        try:
            return get_timezone(otherwise)
        except LookupError:
            return UTC
    of_request: tzinfo = zone_of_request() or UTC
    return of_request


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone())


def _choose_language() -> str:
    chosen = request.cookies.get("lang")
    if chosen in LANGUAGES:
        return chosen
    default = services().settings.locale
    if len(request.headers.get("Accept-Language", "")) > _ACCEPT_MAX:
        return default
    # The default first: it wins where the browser likes several equally, or says "*".
    offered = (default, *(lang for lang in LANGUAGES if lang != default))
    return request.accept_languages.best_match(offered) or default


def _choose_zone() -> tzinfo:
    """The zone that the page's script wrote into the cookie ``tz``; UTC when it cannot be one."""
    zone = request.cookies.get("tz") or "UTC"
    try:
        return get_timezone(zone) if len(zone) <= _ZONE_MAX else UTC
    except LookupError:
        return UTC
