"""The script makes the same row as the server: elements, words and names."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sealing import post, row
from tests.live.cluster import ROOT
from tests.waiting import eventually

#: The rows of a page, of this one as it stands or of the same address as the server draws it now.
#: js/keyboard-navigation.js decides what the Tab key reaches, classes have no order, and each page
#: has a CSRF token of its own.
ROWS = """async ([selector, isServed, more]) => {
  const drawn = async () => (await fetch(location.pathname + more)).text();
  const page = isServed ? new DOMParser().parseFromString(await drawn(), 'text/html') : document;
  return Array.from(page.querySelectorAll(selector), (row) => {
    const copy = row.cloneNode(true);
    copy.querySelectorAll('a, .reaction').forEach((part) => part.removeAttribute('tabindex'));
    copy.querySelector('[name=csrf_token]')?.removeAttribute('value');
    for (const part of [copy, ...copy.querySelectorAll('[class]')]) {
      part.className = Array.from(part.classList).sort().join(' ');
    }
    return copy.outerHTML;
  });
}"""
TEXTS = [
    "hello",
    '<b>&amp; "it\'s" & more</b>',
    "see https://a.example/b_(c)?d=1&e=2. And `code`, `https://b.example`",
    "x\n```py\nprint('x < y')\n```\ny",
    "`two\nlines` and ```an open fence",
    "안녕하세요 👋🏽 שלום\nhttps://한국.example/가나다",
]

each_language = pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])


def rows(person, selector, is_served, more=""):
    return person.page.evaluate(ROWS, [selector, is_served, more])


def assert_as_served(person, selector, count):
    shown = rows(person, selector, is_served=False)
    assert shown == rows(person, selector, is_served=True)
    assert len(shown) == count, shown


def change(person, room_id, method, what, **fields):
    path = f"/api/rooms/{room_id}/messages/{what}"
    answer = person.api.request(method, path, **({"json": fields} if fields else {}))
    assert answer.status_code < 300, answer.text


@each_language
def test_messages(at_browser, locale):
    ann, ben = at_browser("ann", locale=locale), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    seqs = [post(person, room_id, text) for person in (ann, ben) for text in TEXTS]
    post(ben, room_id, "with a clientId", clientId="6f1c4a52-5a0a-4f37-9d3c-0d4b3a1d8f11")
    # The second of a group, edited and reacted to by both; one reaction taken back; one erased.
    change(ann, room_id, "PATCH", seqs[1], message="`edited` https://c.example")
    for person in (ann, ben):
        change(person, room_id, "PUT", f"{seqs[1]}/reactions/👍")
    change(ben, room_id, "PUT", f"{seqs[1]}/reactions/❤️")
    change(ben, room_id, "PUT", f"{seqs[2]}/reactions/🎉")
    change(ben, room_id, "DELETE", f"{seqs[2]}/reactions/🎉")
    change(ben, room_id, "DELETE", seqs[-1])
    ann.write("written here")
    ann.hears("written here")
    expect(row(ann, seqs[-1])).to_have_count(0)
    expect(row(ann, seqs[1]).locator(".reaction")).to_have_count(2)
    # A day, and all messages but the one that is deleted.
    assert_as_served(ann, "#timeline > :is(.day, .message)", 1 + 2 * len(TEXTS) + 2 - 1)


@each_language
def test_older_messages(at_browser, locale):
    """Those that the script puts in above are as the server draws the newest."""
    ann = at_browser("ann", locale=locale)
    room_id = ann.api.create_room("Plans")
    for text in TEXTS:
        post(ann, room_id, text)
    ann.page.goto(f"/rooms/{room_id}")
    served = rows(ann, "#timeline > .message", is_served=True)
    for number in range(60):
        post(ann, room_id, str(number))
    ann.enter(room_id)
    # The page of the newest messages begins further down, so that the script loads the others.
    ann.page.locator("#log").evaluate("log => log.scrollTo(0, -log.scrollHeight)")
    expect(ann.page.locator("#timeline > .message")).to_have_count(60 + len(TEXTS))
    assert rows(ann, "#timeline > .message", is_served=False)[: len(TEXTS)] == served


def memberships(person):
    rooms = person.api.request("GET", "/api/me/rooms").json()["rooms"]
    return [room["membership"] for room in rooms]


@each_language
def test_encrypted_messages(sealed, at_browser, locale):
    ann, _, room_id, link = sealed
    cat, dan = at_browser("cat", locale=locale), at_browser("dan", locale=locale)
    cat.page.goto(f"/rooms/{room_id}")
    dan.page.goto(link)
    expect(dan.composer).to_be_enabled()
    for reader in (cat, dan):
        # An announcement of somebody who comes in would stand between messages.
        expect(reader.page.locator("#people-list > .person")).to_have_count(4)
    for text in TEXTS:
        ann.write(text)
    for reader in (cat, dan):
        expect(reader.page.locator("#timeline > .message")).to_have_count(len(TEXTS))
    # Without the key they stay as the server draws them.
    assert_as_served(cat, "#timeline > .message", len(TEXTS))
    expect(dan.page.locator("#timeline .sealed")).to_have_count(0)
    heard = rows(dan, "#timeline > .message", is_served=False)
    # Else a line stands before what the server does not know to be read yet.
    eventually(lambda: not any(own["unread"] for own in memberships(dan)))
    dan.page.reload()
    expect(dan.page.locator("#timeline > .message")).to_have_count(len(TEXTS))
    expect(dan.page.locator("#timeline .sealed")).to_have_count(0)
    assert rows(dan, "#timeline > .message", is_served=False) == heard


@each_language
def test_people(at_browser, locale):
    ann, ben = at_browser("ann", locale=locale), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    expect(ann.page.locator("#people-list > .person")).to_have_count(2)
    shown = rows(ann, "#people-list > .person", is_served=False)
    assert sorted(shown) == sorted(rows(ann, "#people-list > .person", is_served=True))


@each_language
def test_rooms(at_browser, locale):
    ann, ben = at_browser("ann", locale=locale), at_browser("ben")
    ann.page.goto("/rooms")
    expect(ann.page.locator(".connection")).to_have_attribute("data-link", "online")
    made = [
        ben.api.create_room("<Open> & 열린 방"),
        ann.api.create_room("Private", private=True),
        ann.api.create_room("Secrets", encrypted=True),
        ann.api.create_room("Both", private=True, encrypted=True),
    ]
    # Of rooms that are neither one's own nor on the page nothing is told.
    assert ben.api.request("PUT", f"/api/rooms/{made[0]}/members/{ann.name}").status_code == 204
    post(ann, made[0], "the first word")
    post(ann, made[0], "the second")
    for room_id in made:
        shown = ann.page.locator(f'#room-list > [data-room-id="{room_id}"]')
        expect(shown).to_have_count(1)
        assert_as_served(ann, f'#room-list > [data-room-id="{room_id}"]', 1)


@each_language
def test_members(at_browser, locale):
    """Who is invited while the dialog is open stands in it as on the page of the members."""
    ann, ben = at_browser("ann", locale=locale), at_browser("ben")
    room_id = ann.api.create_room("Plans", private=True)
    ann.enter(room_id)
    ann.page.locator("header [data-open-dialog=about]").click()
    ann.page.locator("#invite-name").fill(ben.name)
    ann.page.locator("#invite-name").press("Enter")
    expect(ann.page.locator("#members > .person")).to_have_count(2)
    shown = rows(ann, "#members > .person", is_served=False)
    assert shown == rows(ann, "#members > .person", is_served=True, more="/members")


def test_no_script_makes_an_element_that_the_template_describes():
    template = (ROOT / "templates" / "_rows.html").read_text("utf-8")
    described = set(re.findall(r'class="([\w-]+)', template))
    # Also worn by what is no part of a row.
    described -= {"figure", "hint", "message-state", "visually-hidden"}
    assert {"message", "message-text", "reaction", "day", "person", "room-link"} <= described
    for script in (ROOT / "static" / "js").rglob("*.js"):
        made = set(re.findall(r"element\([^{}]*\{ class: ['`]([\w-]+)", script.read_text("utf-8")))
        assert not made & described, script.name
