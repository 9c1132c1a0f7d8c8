"""Mentions: completed as one types, shown as such, and listed on a page."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person


def test_a_name_is_completed_told_and_found_again(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id, other = ann.api.create_room("Plans"), ben.api.create_room("Lunch")
    ben.enter(room_id)
    ben.enter(other)
    ann.enter(room_id)
    ann.composer.press_sequentially(f"Look, @{ben.name[:4]}")
    choice = ann.page.get_by_role("option").filter(has_text=ben.name)
    expect(choice).to_be_visible()
    ann.composer.press("Enter")
    expect(ann.composer).to_have_value(f"Look, @{ben.name} ")
    expect(choice).to_be_hidden()
    ann.composer.press("Enter")
    mention = ann.page.locator("#timeline .mention")
    expect(mention).to_have_text(f"@{ben.name}")
    badge = ben.page.locator(f'#room-list [data-room-id="{room_id}"] .room-unread .figure')
    expect(badge).to_have_text("1")
    ben.page.get_by_role("link", name="Mentions").click()
    expect(ben.page.locator("#mentions .hint time")).to_have_text("Today")
    ben.page.locator("#mentions a").first.click()
    row = ben.page.locator("#timeline .message.to-me")
    expect(row).to_have_count(1)
    expect(row).to_be_in_viewport()
    expect(row.locator(".mention")).to_have_text(f"@{ben.name}")


@pytest.mark.parametrize("key", ["Escape", "ArrowDown"])
def test_who_wants_no_completion_goes_on_writing(two, key):
    ann: Person
    ann, ben, _ = two
    ann.composer.press_sequentially(f"@{ben.name[:4]}")
    expect(ann.page.get_by_role("listbox")).to_be_visible()
    ann.composer.press(key)
    if key == "Escape":
        expect(ann.page.get_by_role("listbox")).to_be_hidden()
        ann.composer.press("Enter")
        ben.hears(f"@{ben.name[:4]}")
    else:
        chosen = ann.page.get_by_role("option", selected=True)
        expect(chosen).to_have_count(1)
