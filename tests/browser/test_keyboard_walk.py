"""The room's page by keyboard alone: every stop is visible and has a name."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import DESKTOP, PATIENCE, PHONE
from tests.live.cluster import Maru

#: What the focus is on: its id or name, what is wrong with it, and whether the keyboard shows it.
STOP = """async () => {
  // A sheet that has begun to open moves from the next frame on.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.allSettled(document.getAnimations().map((moving) => moving.finished));
  const it = document.activeElement;
  if (it === document.body) return null;
  const { left, right, top, bottom } = it.getBoundingClientRect();
  const middle = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
  const over = document.elementFromPoint(Math.max(left, 0) + 2, middle);
  const seen = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight
    && (it.contains(over) || over?.contains(it));
  const ring = (element, width) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= width;
  };
  // Where one writes, the frame around it is lit, in the colour of its edge.
  const lit = ring(it, 2) || (it.matches('textarea') && ring(it.closest('.composer'), 1));
  const label = it.getAttribute('aria-label') || it.labels?.[0]?.textContent || it.textContent;
  return { id: it.id, words: label.trim().replace(/\\s+/g, ' '), seen, lit };
}"""


def stop(page):
    return page.evaluate(STOP)


def walk(page, key, first, last):
    """From one stop to another by this key, and all that lies between."""
    first.focus()
    stops = [stop(page)]
    while last.evaluate("it => it !== document.activeElement"):
        assert len(stops) < 60, stops
        page.keyboard.press(key)
        stops.append(stop(page))
    return stops


def opens(page, opener, dialog):
    """By Enter: the dialog has the focus; by Escape: the opener has it again."""
    opener.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    expect(dialog.locator(":focus")).to_have_count(1)
    for here in walk_within(page, dialog):
        assert here["seen"] and here["lit"] and here["words"], here
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(opener).to_be_focused()


def walk_within(page, dialog):
    stops = [stop(page)]
    for _ in range(20):
        page.keyboard.press("Tab")
        if dialog.locator(":focus").count() == 0:
            return stops
        stops.append(stop(page))
    raise AssertionError(f"the dialog has no end: {stops}")


@pytest.fixture(scope="module")
def running_maru(tmp_path_factory):
    """One without the rooms of other tests: each of them is a stop on the way."""
    maru = Maru(tmp_path_factory.mktemp("walk"), LOCALE="en")
    try:
        yield maru.start()
    finally:
        maru.stop()


@pytest.fixture(params=["en-GB", "ko-KR"])
def room(request, at_browser):
    """The owner of a private room, where three messages were written: ``ann = room``."""
    ann = at_browser("ann", locale=request.param, viewport=DESKTOP, reduced_motion="reduce")
    ben = at_browser("ben")
    room_id = ann.api.create_room("Plans", private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    for words in ("one", "two", "three"):
        ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": words})
    ann.api.request("PUT", f"/api/rooms/{room_id}/messages/1/reactions/🎉")
    ann.enter(room_id)
    ann.hears("three")
    return ann


def test_every_stop_is_seen_and_named_both_ways(room):
    page = room.page
    ends = page.locator(".skip-link"), page.locator("#people-list")
    forth = walk(page, "Tab", *ends)
    for here in forth:
        assert here["seen"] and here["lit"] and here["words"], here
    ids = [here["id"] for here in forth]
    for needed in ("people-button", "leave", "log", "composer-text", "people-list"):
        assert needed in ids
    back = walk(page, "Shift+Tab", *reversed(ends))
    assert [here["words"] for here in reversed(back)] == [here["words"] for here in forth]


def test_every_dialog_takes_the_focus_and_gives_it_back(room):
    page = room.page
    about = page.locator("#about")
    opener = page.locator("header [data-open-dialog=about]")
    opens(page, opener, about)
    opener.press("Enter")
    someone = about.locator("#members a").last
    opens(page, someone, page.locator("#person"))
    someone.press("Enter")
    card = page.locator("#person")
    expect(card).to_be_visible()
    opens(page, card.locator(".danger").first, page.locator("#remove-member"))
    page.keyboard.press("Escape")
    expect(card).not_to_be_visible()
    about.locator("[data-open-dialog=delete]").press("Enter")
    asked = page.locator("#delete")
    expect(asked.locator("a[data-close-dialog]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(asked).not_to_be_visible()
    expect(opener).to_be_focused()
    room.composer.fill("half a thought")
    opens(page, page.locator("form.logout button"), page.locator("dialog[open]"))
    expect(room.composer).to_have_value("half a thought")


def test_messages_are_walked_edited_and_kept_without_a_mouse(room):
    page = room.page
    expect(room.composer).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
        if "message" in (page.locator(":focus").get_attribute("class") or "").split():
            break
        if page.locator(":focus").get_attribute("id") == "log":
            page.keyboard.press("ArrowUp")
            break
    row = page.locator("#timeline .message:focus")
    expect(row).to_contain_text("three")
    page.keyboard.press("Home")
    expect(row).to_contain_text("one")
    page.keyboard.press("ArrowDown")
    expect(row).to_contain_text("two")
    page.keyboard.press("Tab")
    bar = row.page.locator("[role=toolbar] :focus")
    expect(bar).to_have_count(1)
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.locator("#delete-message")).to_be_visible()
    page.keyboard.press("Enter")  # the choice that changes nothing
    expect(page.locator("#delete-message")).not_to_be_visible()
    expect(bar).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(room.composer).to_have_value("two")
    expect(room.composer).to_be_focused()
    page.keyboard.press("Escape")
    expect(room.composer).to_have_value("")
    expect(room.composer).to_be_focused()
    page.keyboard.type("four")
    page.keyboard.press("Enter")
    room.hears("four")
    room.hears("two")
    expect(room.composer).to_be_focused()


def test_the_column_of_people_is_folded_and_unfolded(room):
    button = room.page.locator("#people-button")
    for expanded in ("false", "true"):
        button.press("Enter")
        expect(button).to_have_attribute("aria-expanded", expanded)
        expect(button).to_be_focused()


def test_on_a_phone_with_a_keyboard_the_sheets_take_the_focus_and_give_it_back(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, reduced_motion="reduce")
    ann.enter(ann.api.create_room("Plans"))
    for name in ("rooms", "people"):
        opener = ann.page.locator(f"[data-open-sheet={name}]")
        opens(ann.page, opener, ann.page.locator(f"#{name}[role=dialog]"))


def test_a_question_that_is_asked_in_a_sheet_leaves_the_sheet_open(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, reduced_motion="reduce")
    ann.enter(ann.api.create_room("Plans"))
    ann.composer.fill("half a thought")
    ann.page.locator("[data-open-sheet=rooms]").press("Enter")
    sheet = ann.page.locator("#rooms[role=dialog]")
    stay = ann.page.get_by_role("button", name="Stay here")
    for answer in (lambda: ann.page.keyboard.press("Escape"), stay.click):
        sheet.get_by_role("button", name="Log out").press("Enter")
        expect(stay).to_be_focused()
        answer()
        expect(stay).to_have_count(0)
        expect(sheet).to_be_visible()
        expect(sheet.get_by_role("button", name="Log out")).to_be_focused()
