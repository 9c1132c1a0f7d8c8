"""What an account leaves in a browser without logging out waits for its owner, but not for ever."""

import json
import re
import time

from playwright.sync_api import expect

from tests.browser.people import PATIENCE

DAY = 24 * 60 * 60
HIS, HERS = "his half a thought", "her half a thought"


def write(person, room_id, text):
    person.enter(room_id)
    person.composer.fill(text)


def sit_down_at(browser_of, person):
    """Somebody else uses this browser, after a login there that has merely ended."""
    browser_of.context.clear_cookies()
    browser_of.context.add_cookies(person.context.cookies())


def open_rooms(page, days):
    """Open a page on that day from now, and wait until its script has done its work."""
    page.clock.set_system_time(time.time() + days * DAY)
    page.goto("/rooms")
    expect(page.locator(".connection")).to_have_attribute("data-link", "online", timeout=PATIENCE)


def stored(page):
    return json.dumps(page.evaluate("({ ...localStorage })"))


def test_a_draft_of_somebody_else_is_deleted_after_thirty_days(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    browser = ben.page
    write(ben, room_id, HIS)
    cookies = ben.context.cookies()
    sit_down_at(ben, ann)
    browser.goto(f"/rooms/{room_id}")
    expect(browser.locator("#composer-text")).to_have_value("")
    browser.locator("#composer-text").fill(HERS)
    open_rooms(browser, days=29)
    assert HIS in stored(browser)
    open_rooms(browser, days=31)
    browser.wait_for_function("!JSON.stringify({ ...localStorage }).includes('his half')")
    # Her own stays, however old it is.
    browser.goto(f"/rooms/{room_id}")
    expect(browser.locator("#composer-text")).to_have_value(HERS, timeout=PATIENCE)
    ben.context.clear_cookies()
    ben.context.add_cookies(cookies)
    browser.goto(f"/rooms/{room_id}")
    expect(browser.locator("#composer-text")).to_have_value("", timeout=PATIENCE)


def test_the_thirty_days_begin_anew_with_each_visit_of_the_owner(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    write(ben, room_id, HIS)
    cookies = ben.context.cookies()
    open_rooms(ben.page, days=20)
    sit_down_at(ben, ann)
    open_rooms(ben.page, days=45)
    ben.context.clear_cookies()
    ben.context.add_cookies(cookies)
    ben.page.goto(f"/rooms/{room_id}")
    expect(ben.composer).to_have_value(HIS, timeout=PATIENCE)


def test_the_page_to_log_in_deletes_too(at_browser):
    ben = at_browser("ben")
    write(ben, ben.api.create_room("Plans"), HIS)
    # A page of a login that has ended goes to the page to log in by itself.
    ben.page.goto("about:blank")
    ben.context.clear_cookies()
    ben.page.clock.set_system_time(time.time() + 31 * DAY)
    ben.page.goto("/login")
    expect(ben.page).to_have_url(re.compile("/login"))
    ben.page.wait_for_function("!JSON.stringify({ ...localStorage }).includes('his half')")


def test_the_remains_of_ten_other_accounts_are_kept(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.evaluate(
        """now => {
            for (let i = 0; i < 12; i += 1) {
                const draft = JSON.stringify({ text: `of ${i}`, edit: null, at: now - i * 1000 });
                localStorage.setItem(`maru/other-${i}/draft/room/tab`, draft);
            }
        }""",
        time.time() * 1000,
    )
    ann.page.reload()
    ann.page.wait_for_function("!localStorage.getItem('maru/other-10/draft/room/tab')")
    kept = re.findall(r"maru/other-(\d+)/draft", stored(ann.page))
    assert sorted(map(int, kept)) == list(range(10))


def test_drafts_of_an_earlier_version_get_thirty_days(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.evaluate("localStorage.setItem('maru.draft.b.en.room', 'his half a thought')")
    open_rooms(ann.page, days=0)
    open_rooms(ann.page, days=29)
    assert HIS in stored(ann.page)
    open_rooms(ann.page, days=31)
    ann.page.wait_for_function("!JSON.stringify({ ...localStorage }).includes('his half')")
