"""Messages far away from the newest: a few hundred rows, in both directions without end or jump."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, Person
from tests.live.cluster import Maru

COUNT = 900
#: Rows of messages that a page has at most.
MOST_ROWS = 400


@pytest.fixture(scope="module")
def small_memory(tmp_path_factory):
    """The store keeps few messages of a room: nearly all of them are in the archive alone."""
    maru = Maru(tmp_path_factory.mktemp("far"), LOCALE="en", RECENT="10", MESSAGE_RATE="0")
    try:
        yield maru.start()
    finally:
        maru.stop()


@pytest.fixture(scope="module")
def told(small_memory):
    """``(api, room_id)`` of a room with many messages."""
    api = small_memory.register_some("ann")
    room_id = api.create_room("Plans")
    for number in range(1, COUNT + 1):
        api.say(room_id, f"line {number}")
    return api, room_id


@pytest.fixture
def ann(small_memory, told, browser):
    person = Person(small_memory, browser, told[0].name)
    person.api = told[0]
    yield person.log_in()
    person.close()
    assert person.complaints == []


def rows(ann):
    return ann.page.locator("#timeline .message").count()


def numbers(ann):
    found = ann.page.locator("#timeline .message").evaluate_all(
        "rows => rows.map((row) => Number(row.dataset.seq))"
    )
    assert found == sorted(set(found)), "the rows are out of order"
    return found


def walk(ann, direction, text):
    """Scroll on and on until that message is there; what is read must not jump.

    Looked at is the end of a row: its head goes when the row above it is of the same person.
    """
    for _ in range(80):
        if ann.said(text).count():
            return
        before = numbers(ann)
        ann.page.evaluate(
            """(direction) => {
              const log = document.getElementById('log');
              log.scrollTop += direction * (log.clientHeight - 40);
              const top = log.getBoundingClientRect().top;
              const seen = (row) => row.getBoundingClientRect().top >= top;
              const row = [...log.querySelectorAll('.message')].find(seen);
              window.read = { row, at: row.getBoundingClientRect().bottom };
            }""",
            direction,
        )
        edge = ann.page.evaluate(
            """(direction) => {
              const log = document.getElementById('log');
              const above = log.scrollHeight - log.clientHeight + log.scrollTop;
              return (direction < 0 ? above : -log.scrollTop) < 600;
            }""",
            direction,
        )
        if edge:
            end = 0 if direction < 0 else -1
            ann.page.wait_for_function(
                """([end, seq]) => {
                  const rows = [...document.querySelectorAll('#timeline .message')];
                  return Number(rows.at(end).dataset.seq) !== seq;
                }""",
                arg=[end, before[end]],
                timeout=PATIENCE,
            )
            moved = ann.page.evaluate("read.row.getBoundingClientRect().bottom - read.at")
            assert abs(moved) < 2, f"what one reads has jumped by {moved} px"
        assert rows(ann) <= MOST_ROWS
    pytest.fail(f"{text} did not come")


def test_one_scrolls_up_without_end_and_back(ann, told):
    ann.enter(told[1])
    ann.hears(f"line {COUNT}")
    walk(ann, -1, "line 1")
    expect(ann.page.locator("#earlier")).to_be_hidden(timeout=PATIENCE)
    assert not ann.said(f"line {COUNT}").count(), "there are more rows than should be kept"
    walk(ann, 1, f"line {COUNT}")
    expect(ann.page.locator("#later")).to_be_hidden(timeout=PATIENCE)
    ann.api.say(told[1], "live again")
    ann.hears("live again")
    found = numbers(ann)
    assert found == list(range(found[0], found[-1] + 1)), "some are left out"


def test_a_link_leads_to_its_message_with_what_stands_around_it(ann, told):
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ann.enter(told[1])
    walk(ann, -1, "line 600")
    ann.said("line 600").hover()
    ann.page.get_by_role("button", name="Copy the link to this message").click()
    expect(ann.page.locator("#arrival")).to_have_text("Copied")
    link = ann.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{re.escape(ann.page.url)}\?at=600", link)
    ann.page.goto(link)
    linked = ann.page.locator(".message.linked")
    expect(linked.locator(".message-text")).to_have_text("line 600")
    expect(linked).to_be_in_viewport(timeout=PATIENCE)
    expect(linked).to_be_focused()
    expect(ann.count()).not_to_have_text("0", timeout=PATIENCE)
    walk(ann, -1, "line 500")
    walk(ann, 1, "line 700")
    # Back and forth, without leaving anything out.
    found = numbers(ann)
    assert found == list(range(found[0], found[-1] + 1)), "some are left out"


def test_a_link_on_the_page_leads_to_its_message_again_and_again(ann, told):
    """As that of a hit of a search."""
    room_id = told[1]
    ann.enter(room_id)
    ann.page.evaluate(
        """(href) => {
          const link = document.createElement('a');
          Object.assign(link, { href, textContent: 'the hit' });
          document.getElementById('rooms').append(link);
        }""",
        f"/rooms/{room_id}?at=200",
    )
    for _ in range(3):
        ann.page.get_by_role("link", name="the hit").click()
        linked = ann.page.locator(".message.linked")
        expect(linked.locator(".message-text")).to_have_text("line 200", timeout=PATIENCE)
        expect(linked).to_be_in_viewport(timeout=PATIENCE)
        expect(linked).to_be_focused()
        ann.page.locator("#new-messages").click()
        expect(ann.page.locator("#timeline .message").last).to_be_in_viewport(timeout=PATIENCE)
        expect(ann.page.locator("#later")).to_be_hidden()


def test_on_a_phone_a_tap_offers_the_link(small_memory, told, browser):
    small = {"width": 320, "height": 640}
    person = Person(
        small_memory,
        browser,
        told[0].name,
        viewport=small,
        has_touch=True,
        is_mobile=True,
        locale="ko",
    )
    person.log_in().context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.page.goto(f"/rooms/{told[1]}?at=300")
    row = person.page.locator(".message.linked")
    expect(row).to_be_in_viewport(timeout=PATIENCE)
    expect(person.count()).not_to_have_text("0", timeout=PATIENCE)
    row.tap()
    link = person.page.get_by_role("button", name="이 메시지의 링크 복사")
    expect(link).to_be_in_viewport(ratio=1)
    link.tap()
    expect(person.page.locator("#arrival")).to_have_text("복사했습니다")
    expect(link.locator(".icon-check")).to_be_in_viewport()
    assert person.page.evaluate("navigator.clipboard.readText()").endswith("?at=300")
    person.close()
    assert person.complaints == []


def test_what_is_said_meanwhile_is_told_and_reached(ann, told):
    ann.page.goto(f"/rooms/{told[1]}?at=100")
    expect(ann.said("line 100")).to_be_in_viewport(timeout=PATIENCE)
    expect(ann.count()).not_to_have_text("0", timeout=PATIENCE)
    pill = ann.page.locator("#new-messages")
    expect(pill).to_have_text("To the newest")
    other = told[0]
    other.say(told[1], "said meanwhile")
    assert not ann.said("said meanwhile").count()
    pill.click()
    expect(ann.said("said meanwhile")).to_be_in_viewport(timeout=PATIENCE)
    assert "?at" not in ann.page.url
    expect(pill).to_be_hidden()
    ann.page.goto(f"/rooms/{told[1]}?at=100")
    expect(ann.count()).not_to_have_text("0", timeout=PATIENCE)
    ann.write("from far away")
    expect(ann.said("from far away")).to_be_in_viewport(timeout=PATIENCE)


def test_an_old_message_is_changed_like_any_other(ann, told):
    ann.page.goto(f"/rooms/{told[1]}?at=50")
    expect(ann.count()).not_to_have_text("0", timeout=PATIENCE)
    row = ann.said("line 50")
    row.hover()
    row.get_by_role("button", name="React with 👍").click()
    expect(row.locator(".reaction")).to_have_count(1, timeout=PATIENCE)
    ann.said("line 51").hover()
    ann.said("line 51").get_by_role("button", name="Edit").click()
    ann.write("line 51, changed")
    ann.hears("line 51, changed")
    ann.page.reload()
    ann.hears("line 51, changed")
    expect(ann.said("line 50").locator(".reaction")).to_have_count(1)


def test_a_message_that_is_gone_leaves_its_neighbours(ann, told):
    room_id = told[1]
    assert ann.api.request("DELETE", f"/api/rooms/{room_id}/messages/70").status_code == 200
    ann.page.goto(f"/rooms/{room_id}?at=70")
    ann.hears("line 69")
    ann.hears("line 71")
    expect(ann.page.locator(".message.linked")).to_have_count(0)
    for bad in ("x", "-1", "9" * 20, ""):
        ann.page.goto(f"/rooms/{room_id}?at={bad}")
        expect(ann.count()).not_to_have_text("0", timeout=PATIENCE)


def test_an_archive_that_is_away_takes_only_what_is_old(ann, told, small_memory):
    room_id = told[1]
    ann.enter(room_id)
    archive = small_memory.data / "archive.sqlite3"
    away = archive.rename(archive.with_suffix(".away"))
    try:
        ann.page.locator("#log").evaluate("log => { log.scrollTop = -log.scrollHeight; }")
        failed = ann.page.get_by_role("button", name="That did not work. Try again.")
        expect(failed).to_be_visible(timeout=PATIENCE)
        ann.write("chat goes on")
        ann.hears("chat goes on")
        ann.page.locator("#log").evaluate("log => { log.scrollTop = -log.scrollHeight; }")
    finally:
        away.rename(archive)
    expect(failed).to_be_hidden(timeout=PATIENCE)
    walk(ann, -1, "line 700")
