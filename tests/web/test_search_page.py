"""The page of search, as it comes from the server."""

import re

import pytest

from tests.web.test_api_search import app, archive_all, say, settings

__all__ = ["app", "archive_all", "settings"]


@pytest.fixture
def ann(login):
    return login("bora")


def test_who_is_not_logged_in_is_led_there_and_back(client):
    answer = client.get("/search?q=word")
    assert answer.status_code == 302 and answer.location == "/login?next=/search?q%3Dword"


def test_an_empty_page(ann):
    page = ann.get("/search")
    assert page.status_code == 200 and 'class="hit"' not in page.text
    assert "Nothing was found" not in page.text


def test_hits_are_text_and_never_markup(ann, bora, hall):
    say(bora, hall, '<script>alert(1)</script> word "&" <b>', "another")
    page = ann.get("/search?q=word").text
    assert page.count('class="hit"') == 1 and "<mark>word</mark>" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt; " in page
    room_id = hall.rpartition("/")[2]
    assert f'href="/rooms/{room_id}?at=1"' in page


def test_what_was_typed_stays_in_the_form(ann):
    page = ann.get("/search", query_string={"q": '"><script>', "from": "<nobody>", "has": "link"})
    assert page.status_code == 404 and "There is nobody of that name." in page.text
    assert 'value="&#34;&gt;&lt;script&gt;"' in page.text and 'value="&lt;nobody&gt;"' in page.text
    assert re.search(r'name="has" value="link" checked', page.text)


def test_a_refused_search_is_a_page_with_its_form(ann):
    for query, status in (("q=x", 400), ("q=" + "x" * 300, 413), ("q=in:nowhere", 404)):
        page = ann.get(f"/search?{query}")
        assert page.status_code == status and 'id="finding-q"' in page.text
        assert 'role="alert"' in page.text


def test_one_room_alone(ann, bora, hall, attic):
    say(bora, hall, "word in hall")
    say(bora, attic, "word in attic")
    room_id = attic.rpartition("/")[2]
    page = ann.get(f"/search?roomId={room_id}").text
    assert "Only in this room" in page and "attic" in page and 'class="hit"' not in page
    page = ann.get(f"/search?roomId={room_id}&q=word").text
    assert page.count('class="hit"') == 1 and "in attic" in page
    assert ann.get("/search?roomId=nowhere&q=word").status_code == 404


def test_the_next_page_has_the_same_filters(ann, bora, hall, archive_all):
    say(bora, hall, *(f"word {number}" for number in range(25)))
    archive_all()
    page = ann.get("/search", query_string={"q": "word", "from": "bora", "in": "hall"}).text
    more = re.search(r'id="more-found" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "from=bora" in more and "in=hall" in more
    page = ann.get(more).text
    assert page.count('class="hit"') == 5 and 'id="more-found"' not in page
    assert 'name="from" value="bora"' in page
