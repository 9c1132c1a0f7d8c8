"""Languages, time zones, and how times are shown."""

import re
from datetime import UTC, datetime

import pytest

from chat.web import i18n

#: 2026-11-23 15:12:00.250 UTC, a Monday.
AFTERNOON = 1_795_446_720_250


@pytest.fixture
def seen(app):
    """``seen(filter, ms, lang, tz)``: how a time reads for that browser."""

    def show(name, ms, lang="en", tz=None, **more):
        cookie = f"lang={lang}" + (f"; tz={tz}" if tz else "")
        with app.test_request_context(headers={"Cookie": cookie}):
            return getattr(i18n, name)(ms, **more)

    return show


@pytest.mark.parametrize(
    ("cookie", "accepts", "default", "language"),
    [
        ("", "", "en", "en"),
        ("", "", "ko", "ko"),
        ("", "ko-KR,ko;q=0.9,en;q=0.8", "en", "ko"),
        ("", "en-GB,en;q=0.9", "ko", "en"),
        ("", "fr,de;q=0.5", "ko", "ko"),
        ("", "*", "ko", "ko"),
        ("lang=ko", "en", "en", "ko"),
        ("lang=en", "ko", "ko", "en"),
        ("lang=fr", "ko", "en", "ko"),
        ("lang=../x", "", "en", "en"),
    ],
)
def test_the_language_of_a_page(app_with, cookie, accepts, default, language):
    client = app_with(LOCALE=default).test_client(use_cookies=False)
    page = client.get("/login", headers={"Cookie": cookie, "Accept-Language": accepts}).text
    assert f'<html lang="{language}"' in page


@pytest.mark.parametrize(
    ("lang", "tz", "reads"),
    [
        ("en", None, "15:12"),
        ("ko", None, "오후 3:12"),
        ("en", "Asia/Seoul", "00:12"),
        ("ko", "Asia/Seoul", "오전 12:12"),
        ("en", "America/New_York", "10:12"),
    ],
)
def test_clock(seen, lang, tz, reads):
    assert seen("clock", AFTERNOON, lang, tz) == reads


@pytest.mark.parametrize("tz", ["Nowhere/City", "../../etc/passwd", "x" * 5000, "%00", "UTC+9999"])
def test_time_zones_that_there_are_not_read_as_utc(seen, tz):
    assert seen("clock", AFTERNOON, "en", tz) == "15:12"


@pytest.mark.parametrize(
    ("now", "tz", "reads"),
    [
        ((23, 23), None, "Today"),
        ((24, 0), None, "Yesterday"),
        ((25, 0), None, "23 November 2026"),
        # In Seoul it was said after midnight.
        ((24, 12), "Asia/Seoul", "Today"),
        ((24, 16), "Asia/Seoul", "Yesterday"),
    ],
)
def test_day(seen, now, tz, reads):
    moment = datetime(2026, 11, *now, tzinfo=UTC)
    assert seen("day", AFTERNOON, "en", tz, now=moment) == reads


def test_day_in_korean(seen):
    later = datetime(2026, 12, 1, tzinfo=UTC)
    assert seen("day", AFTERNOON, "ko", now=later) == "2026년 11월 23일"


@pytest.mark.parametrize(
    ("now", "lang", "reads"),
    [
        ((23, 1), "en", "15:12"),
        ((22, 23), "en", "tomorrow 15:12"),
        ((22, 23), "ko", "내일 오후 3:12"),
        ((20, 0), "en", "23 November 2026 15:12"),
        ((20, 0), "ko", "2026년 11월 23일 오후 3:12"),
    ],
)
def test_until_when_something_holds_says_the_day_where_it_is_not_today(seen, now, lang, reads):
    assert seen("moment", AFTERNOON, lang, now=datetime(2026, 11, *now, tzinfo=UTC)) == reads


def test_full(seen):
    assert seen("full", AFTERNOON, "en") == "Monday, 23 November 2026, 15:12"
    assert seen("full", AFTERNOON, "ko") == "2026년 11월 23일 월요일 오후 3:12"


def test_iso(seen):
    assert seen("iso", AFTERNOON, "ko", "Asia/Seoul") == "2026-11-23T15:12:00.250Z"


def test_refusals_and_error_pages_are_translated(client, submit):
    client.set_cookie("lang", "ko")
    assert "<h1>여기에는 아무것도 없습니다</h1>" in client.get("/nope").text
    refused = submit(client, "/login", name="nobody", password="wrong horse")
    assert "이름이나 비밀번호가 맞지 않습니다." in refused.text


def test_scripts_speak_the_language_of_each_page(client):
    for language, sentence in (("en", "Connecting…"), ("ko", "연결하는 중"), ("en", "Connecting…")):
        page = client.get("/login", headers={"Accept-Language": language}).text
        script = client.get(re.search(r'src="(/static/[^"]+\.js)"', page)[1])
        assert sentence in script.text
