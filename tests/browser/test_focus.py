"""The focus is never lost: if its element is removed, the focus moves to a neighbour."""

import json

from playwright.sync_api import expect

from tests.browser.people import PATIENCE


def focused(page):
    return page.locator(":focus")


def test_a_reaction_that_is_pressed_keeps_the_focus(two):
    ann, ben, _ = two
    ann.write("cake in the kitchen")
    row = ann.said("cake in the kitchen")
    seq = row.get_attribute("data-seq")
    ben.page.locator(f'.message[data-seq="{seq}"]').focus()
    ben.page.get_by_role("button", name="React with 🎉").press("Enter")
    row.locator(".reaction").press("Enter")
    expect(row.locator(".reaction")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    expect(focused(ann.page)).to_have_attribute("data-emoji", "🎉")
    ben.page.get_by_role("button", name="React with 🎉").press("Enter")
    expect(row.locator(".reaction .figure")).to_have_text("1", timeout=PATIENCE)
    focused(ann.page).press("Enter")
    expect(row.locator(".reaction")).to_have_count(0, timeout=PATIENCE)
    expect(focused(ann.page)).to_have_attribute("data-seq", seq)


def test_who_deletes_a_message_goes_on_from_the_next(two):
    ann, _, _ = two
    for words in ("one", "two", "three"):
        ann.write(words)
        ann.hears(words)
    for words, then in (("two", "three"), ("three", "one")):
        ann.said(words).focus()
        ann.page.get_by_role("button", name="Delete", exact=True).press("Enter")
        ann.page.locator("#delete-message").get_by_role("button", name="Delete").press("Enter")
        expect(ann.said(words)).to_have_count(0, timeout=PATIENCE)
        expect(focused(ann.page)).to_contain_text(then)


def test_who_discards_a_failed_message_goes_on_writing(two):
    ann, _, room_id = two
    failed = [{"clientId": "a", "text": "too much", "at": 1, "reason": "Not sent."}]
    ann.page.evaluate(
        "([key, entries]) => sessionStorage.setItem(key, entries)",
        [f"maru.outbox.{ann.name}.{room_id}", json.dumps(failed)],
    )
    ann.page.reload()
    ann.page.get_by_role("button", name="Discard").press("Enter")
    expect(ann.page.locator("#pending .message")).to_have_count(0)
    expect(ann.composer).to_be_focused()
