"""Helpers for tests of messages that wait to be sent."""

import json
import time

from playwright.sync_api import expect

from tests.browser.people import PATIENCE


def go_offline(person, cable):
    cable.pull()
    expect(person.page.locator(".connection")).not_to_be_empty(timeout=PATIENCE)


def waiting(person, page=None):
    return (page or person.page).locator(".unsent-summary button")


def act(person, text, name):
    """Press a button of the toolbar of a message."""
    row = person.said(text)
    row.focus()
    row.get_by_role("button", name=name, exact=True).click()


def edit_last(person, text):
    person.composer.press("ArrowUp")
    expect(person.page.locator("#editing")).to_be_visible()
    person.write(text)


def say_and_hear(person, other, text):
    person.write(text)
    other.hears(text)
    person.hears(text)


def plant(person, room_id, **entry):
    """Something in the outbox, as an earlier page left it."""
    planted = {"clientId": "planted-1", "roomId": room_id, "roomName": "Plans", "kind": "message"}
    planted |= {"text": "planted", "at": time.time() * 1000, "after": 0, **entry}
    person.page.evaluate(
        "([key, value]) => localStorage.setItem(key, value)",
        [f"maru/{person.api.user_id}/outbox/{room_id}/{planted['clientId']}", json.dumps(planted)],
    )
