"""What a person has in a browser is removed at logging out, and others never see it."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE
from tests.live.cluster import PASSWORD
from tests.waiting import eventually

KEPT = """async () => {
  const database = await new Promise((done) => {
    const request = indexedDB.open('maru', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('keys', { keyPath: ['account', 'roomId'] });
    };
    request.onsuccess = () => done(request.result);
  });
  const keys = await new Promise((done) => {
    const request = database.transaction('keys').objectStore('keys').getAllKeys();
    request.onsuccess = () => done(request.result);
  });
  database.close();
  return [Object.keys(localStorage), Object.keys(sessionStorage), keys];
}"""


def kept(page):
    return page.evaluate(KEPT)


def log_out(page):
    page.get_by_role("button", name="Log out").first.click()


def plant_unsent(person, room_id, text="not sent"):
    entry = {"clientId": "u1", "roomId": room_id, "roomName": "Plans", "kind": "message"}
    entry |= {"text": text, "at": 1, "after": 0, "epoch": "", "reason": "forbidden"}
    person.page.evaluate(
        "([key, value]) => localStorage.setItem(key, value)",
        [f"maru/{person.api.user_id}/outbox/{room_id}/u1", json.dumps(entry)],
    )


def encrypted_room(person):
    room_id = person.api.create_room("Secrets", encrypted=True)
    person.page.goto(f"/rooms/{room_id}")
    link = person.new_invitation()
    person.write("between us")
    person.hears("between us")
    return room_id, link


def log_in_as(page, name):
    page.goto("/login")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page).to_have_url(re.compile("/rooms$"))


@pytest.mark.parametrize(
    "options", [{}, {"viewport": PHONE, "has_touch": True}, {"locale": "ko-KR"}]
)
def test_logging_out_asks_when_something_is_not_sent(at_browser, options):
    ann = at_browser("ann", **options)
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ann.composer.fill("half a thought")
    ann.page.goto("/settings")
    plant_unsent(ann, room_id)
    button = ann.page.locator("form.logout button")
    button.click()
    asked = ann.page.get_by_role("dialog")
    expect(asked.locator("li")).to_have_count(2)
    expect(asked.locator("button").first).to_be_focused()
    ann.page.keyboard.press("Enter")
    expect(asked).not_to_be_visible()
    ann.page.reload()
    expect(ann.page.locator(".unsent-summary button")).to_be_visible()
    button.click()
    asked.locator("button[value=go]").click()
    expect(ann.page).to_have_url(re.compile("/login"))
    assert kept(ann.page) == [[], [], []]


def test_logging_out_without_anything_to_lose_does_not_ask(at_browser):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    log_out(ann.page)
    expect(ann.page).to_have_url(re.compile("/login$"))
    assert kept(ann.page) == [[], [], []]


def test_who_logs_in_next_has_neither_key_nor_draft_nor_outbox(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id, _ = encrypted_room(ann)
    ann.composer.fill("private thought")
    log_out(ann.page)
    asked = ann.page.get_by_role("dialog")
    expect(asked).to_contain_text("forgets the key to 1 encrypted room")
    asked.get_by_role("button", name="Log out and lose it").click()
    expect(ann.page).to_have_url(re.compile("/login$"))
    log_in_as(ann.page, ben.name)
    ann.page.goto(f"/rooms/{room_id}")
    expect(ann.page.get_by_text("You need the key to this room.")).to_be_visible(timeout=PATIENCE)
    expect(ann.composer).to_have_value("")
    assert "private thought" not in json.dumps(ann.page.evaluate("({ ...localStorage })"))


def test_after_a_login_has_merely_ended_the_next_person_sees_nothing(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id, link = encrypted_room(ann)
    ann.composer.fill("private thought")
    ann.page.goto("/settings")
    plant_unsent(ann, room_id)
    ann.context.clear_cookies(name="maru_session")
    log_in_as(ann.page, ben.name)
    eventually(lambda: kept(ann.page)[2] == [])
    expect(ann.page.locator(".unsent-summary button")).to_have_count(0)
    ann.page.goto(f"/rooms/{room_id}")
    expect(ann.page.get_by_text("You need the key to this room.")).to_be_visible(timeout=PATIENCE)
    expect(ann.composer).to_have_value("")
    ann.page.goto("/settings")
    log_out(ann.page)
    expect(ann.page).to_have_url(re.compile("/login$"))
    # They were kept for her alone, also when the other one logs out.
    log_in_as(ann.page, ann.name)
    expect(ann.page.locator(".unsent-summary button")).to_have_text("1 could not be sent")
    ann.page.goto(link)
    expect(ann.composer).to_have_value("private thought", timeout=PATIENCE)
    ann.hears("between us")


def test_a_page_that_is_left_before_it_has_forgotten_the_keys_of_others_leaves_it_to_the_next(
    at_browser,
):
    ann, ben = at_browser("ann"), at_browser("ben")
    encrypted_room(ann)
    ann.page.goto("/settings")
    ann.context.clear_cookies(name="maru_session")
    # As far as the first page of the other had come.
    here = "id => localStorage.setItem('maru.account', id)"
    ann.page.evaluate(here, ben.api.user_id)
    log_in_as(ann.page, ben.name)
    eventually(lambda: kept(ann.page)[2] == [])


def test_after_a_login_has_merely_ended_the_same_person_goes_on(at_browser):
    ann = at_browser("ann")
    room_id, _ = encrypted_room(ann)
    ann.composer.fill("private thought")
    ann.context.clear_cookies(name="maru_session")
    log_in_as(ann.page, ann.name)
    ann.enter(room_id)
    expect(ann.composer).to_have_value("private thought")
    ann.hears("between us")


def test_the_other_tabs_of_who_logs_out_go_too(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.page.goto("/settings")  # a page without a connection
    second = ann.new_page()
    ann.enter(room_id, second)
    log_out(second)
    for page in (second, ann.page):
        expect(page).to_have_url(re.compile("/login"))


def test_a_page_of_one_person_says_nothing_as_another(at_browser, cable):
    ann, ben = at_browser("ann", url=cable.url), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    second = ann.new_page()
    ann.context.clear_cookies(name="maru_session")
    log_in_as(second, ben.name)
    # The page that was Ann's has become Ben's.
    expect(ann.page.locator(".rail-me")).to_contain_text(ben.name, timeout=PATIENCE)
    assert ann.api.history(room_id) == []


def test_who_cannot_be_logged_out_is_told_and_loses_nothing(at_browser, cable):
    ann = at_browser("ann", url=cable.url)
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ann.composer.fill("half a thought")
    cable.pull()
    log_out(ann.page)
    ann.page.get_by_role("button", name="Log out and lose it").click()
    expect(ann.page.get_by_text("You are still logged in")).to_be_visible(timeout=PATIENCE)
    cable.plug_in()
    ann.page.reload()
    expect(ann.composer).to_have_value("half a thought")


def test_a_form_that_is_sent_offline_keeps_what_is_in_it(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.locator("input[name=name]").fill("A good name")
    ann.context.set_offline(True)
    ann.page.get_by_role("button", name="Open the room").click()
    expect(ann.page.get_by_text("You are offline.")).to_be_visible()
    expect(ann.page.locator("input[name=name]")).to_have_value("A good name")
    ann.context.set_offline(False)
    ann.page.get_by_role("button", name="Open the room").click()
    expect(ann.page).to_have_url(re.compile("/rooms/[0-9a-f]+"))
