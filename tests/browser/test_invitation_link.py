"""The link to an encrypted room, which is shown once, is not lost without a warning."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE
from tests.browser.sealing import key_of

WARNING = {
    "en-GB": ("You have not copied the link.", "Copy the invite link", "Close without it"),
    "ko-KR": ("링크를 아직 복사하지 않았습니다.", "초대 링크 복사", "복사하지 않고 닫기"),
}


@pytest.fixture
def opened(at_browser):
    """Somebody who has just opened an encrypted room: ``ann, room_id = opened(**options)``."""

    def open_room(**options):
        ann = at_browser("ann", **options)
        room_id = ann.api.create_room("Secrets", encrypted=True)
        ann.page.goto(f"/rooms/{room_id}")
        expect(ann.page.locator("#new-invite")).to_be_visible(timeout=PATIENCE)
        return ann, room_id

    return open_room


def close_by(page, way):
    if way == "Escape":
        page.keyboard.press("Escape")
    elif way == "button":
        page.locator("dialog[open] form button").last.click()
    else:
        page.mouse.click(5, 5)


@pytest.mark.parametrize(
    ("way", "options"),
    [
        ("Escape", {"locale": "en-GB"}),
        ("backdrop", {"locale": "en-GB"}),
        ("button", {"locale": "ko-KR", "viewport": PHONE, "has_touch": True}),
    ],
)
def test_the_dialog_asks_once_more_before_it_closes_over_a_link_not_copied(opened, way, options):
    ann, _ = opened(**options)
    told, copy, close = WARNING[options["locale"]]
    close_by(ann.page, way)
    dialog = ann.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text(told)
    expect(dialog.get_by_role("button", name=copy)).to_be_focused()
    dialog.get_by_role("button", name=close).click()
    expect(dialog).to_have_count(0)
    ann.write("alone")
    ann.hears("alone")


def test_a_link_that_is_copied_is_not_asked_about(opened):
    ann, _ = opened()
    ann.page.get_by_role("button", name="Copy the invite link").click()
    ann.page.keyboard.press("Escape")
    expect(ann.page.get_by_role("dialog")).to_have_count(0)


def test_a_page_with_a_link_not_copied_asks_before_it_is_left(opened):
    ann, _ = opened()
    asked = []
    ann.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    ann.page.locator("#new-invite").click()  # browsers ask only for who has touched the page
    ann.page.reload()
    assert asked == ["beforeunload"]


def test_an_owner_who_has_lost_the_link_invites_with_a_new_key_after_a_warning(opened, at_browser):
    ann, _ = opened()
    ann.new_invitation()
    ann.write("before")
    ann.hears("before")
    ann.page.reload()
    ann.hears("before")
    ann.page.get_by_role("link", name="About this room").click()
    expect(ann.page.locator("#invite")).to_contain_text("make a new key")
    ann.page.locator("#other-key").click()
    ann.page.get_by_role("button", name="Make a new key").click()
    expect(ann.page.locator(".blocking-panel")).to_contain_text(
        "Nobody else can read", timeout=PATIENCE
    )
    ann.page.get_by_role("button", name="Leave the key as it is").click()
    ann.page.get_by_role("button", name="Keep the one I use").click()
    ann.hears("before")
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#other-key").click()
    ann.page.get_by_role("button", name="Make a new key").click()
    ann.page.locator(".blocking-panel").get_by_role("button", name="Make a new key").last.click()
    link = ann.new_invitation()
    assert key_of(link)
    ben = at_browser("ben")
    ben.page.goto(link)
    expect(ben.composer).to_be_enabled(timeout=PATIENCE)
    ann.write("after")
    ben.hears("after")
    # What was written before is there again with the key of then.
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#other-key").click()
    ann.page.get_by_role("button", name="Use one that was kept here").click()
    ann.hears("before")
