"""The pages as people see them: any width, both languages, by keyboard, without scripts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import DESKTOP, NARROW, PATIENCE, PHONE, Person
from tests.live.cluster import PASSWORD

HANGUL = re.compile("[가-힣]")


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("width", [NARROW, PHONE, {"width": 768, "height": 1024}])
def test_no_page_is_wider_than_the_screen(at_browser, width):
    ann = at_browser("ann", viewport=width)
    room_id = ann.api.create_room("A room with a rather long name, as rooms have now and then")
    ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": "x" * 300})
    for path in ("/rooms", f"/rooms/{room_id}", "/settings", "/rooms/nowhere"):
        ann.page.goto(path)
        assert overflow(ann.page) <= 0, path
    ann.complaints.clear()  # of the 404
    ann.page.context.clear_cookies()
    for path in ("/login", "/register"):
        ann.page.goto(path)
        assert overflow(ann.page) <= 0, path


def test_on_a_phone_rooms_and_people_are_sheets(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True)
    ann.enter(ann.api.create_room("Plans"))
    page = ann.page
    expect(ann.composer).to_be_in_viewport()
    expect(page.locator("#room-list")).not_to_be_in_viewport()
    page.locator("[data-open-sheet=rooms]").click()
    expect(page.locator("#room-list")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#room-list")).not_to_be_in_viewport()
    page.locator("[data-open-sheet=people]").click()
    expect(page.locator("#people-list")).to_be_in_viewport()
    page.go_back()
    expect(page.locator("#people-list")).not_to_be_in_viewport()
    expect(page).to_have_url(re.compile("/rooms/"))
    ann.write("from the bus")
    ann.hears("from the bus")


def test_what_opens_a_sheet_tells_whether_it_is_open(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True)
    ann.enter(ann.api.create_room("Plans"))
    for name in ("rooms", "people"):
        opener = ann.page.locator(f"[data-open-sheet={name}]")
        expect(opener).to_have_attribute("aria-expanded", "false")
        opener.click()
        expect(opener).to_have_attribute("aria-expanded", "true")
        ann.page.keyboard.press("Escape")
        expect(opener).to_have_attribute("aria-expanded", "false")
    ann.page.set_viewport_size(DESKTOP)
    expect(ann.page.locator("#people-button")).to_have_attribute("aria-expanded", "true")


def test_all_one_can_do_with_a_message_is_within_the_narrowest_screen(at_browser):
    ann = at_browser("ann", viewport=NARROW, has_touch=True, is_mobile=True)
    ann.enter(ann.api.create_room("Plans"))
    ann.write("first")
    ann.hears("first")
    ann.write("second")
    row = ann.said("second")
    row.focus()
    for button in row.locator(".actions button").all():
        expect(button).to_be_in_viewport(ratio=1)
    ann.composer.press("ArrowUp")
    cancel = ann.page.locator("#editing").get_by_role("button", name="Cancel")
    expect(cancel).to_be_in_viewport(ratio=1)
    cancel.click()
    expect(ann.composer).to_have_value("")


def test_a_text_that_is_too_long_says_so_and_does_not_move(two):
    ann, _, _ = two
    composer, form = ann.composer, ann.page.locator("#composer")
    composer.fill("short")
    expect(form).not_to_have_class(re.compile("unsendable"))
    width = composer.bounding_box()["width"]
    composer.fill("x" * 4001)
    expect(ann.page.locator("#counter")).to_have_text("1 character too long")
    expect(form).to_have_class(re.compile("unsendable"))
    assert composer.bounding_box()["width"] == width


def test_the_language_is_the_browsers_until_it_is_switched(maru, browser):
    ann = Person(maru, browser, "nobody", locale="ko-KR")
    ann.page.goto("/login")
    assert ann.page.locator("html").get_attribute("lang") == "ko"
    assert HANGUL.search(ann.page.locator("h1").inner_text())
    ann.page.get_by_role("button", name="English").click()
    expect(ann.page.locator("html")).to_have_attribute("lang", "en")
    assert not HANGUL.search(ann.page.locator("h1").inner_text())
    ann.page.get_by_role("button", name="한국어").click()
    expect(ann.page.locator("html")).to_have_attribute("lang", "ko")
    ann.close()


def test_announcements_are_in_the_language_of_the_page_whatever_the_servers(at_browser):
    ann, ben = at_browser("ann", locale="ko-KR"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    expect(ann.count()).to_have_text("2", timeout=PATIENCE)
    expect(ann.page.locator("#timeline .announcement")).not_to_have_count(0, timeout=PATIENCE)
    assert HANGUL.search(ann.announcements()) and "came in" not in ann.announcements()


def test_counts_on_the_list_change_without_a_reload(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Live room")
    ann.page.goto("/rooms")
    row = ann.page.locator(f'#room-list a[href$="{room_id}"]')
    expect(row).to_contain_text("0")
    ben.enter(room_id)
    expect(row).to_contain_text("1", timeout=PATIENCE)
    # Of rooms that are neither one's own nor on the page nothing is told.
    late = ben.api.create_room("Opened later")
    assert ben.api.request("PUT", f"/api/rooms/{late}/members/{ann.name}").status_code == 204
    opened = ann.page.locator(f'#room-list a[href$="{late}"]')
    expect(opened).to_be_visible(timeout=PATIENCE)


def test_everything_is_there_to_read_without_script(at_browser):
    ann = at_browser("ann", java_script_enabled=False)
    room_id = ann.api.create_room("Plain")
    ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": "plain words"})
    ann.page.goto("/rooms")
    ann.page.get_by_role("link", name="Plain").click()
    expect(ann.said("plain words")).to_have_count(1)


def test_a_guest_is_told_why_the_rooms_are_shut(at_browser, maru):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    maru.flask("set-role", ann.name, "guest")
    answer = ann.page.goto(f"/rooms/{room_id}")
    assert answer.status == 403
    expect(ann.page.get_by_role("button", name="Log out")).to_be_visible()
    ann.complaints.clear()  # of the 403


def test_a_lost_connection_is_told_beside_what_one_can_do(at_browser, cable):
    ann = at_browser("ann", url=cable.url, viewport=PHONE, has_touch=True)
    ann.page.goto("/rooms")
    told = ann.page.locator(".connection")
    expect(told).to_have_attribute("data-link", "online")
    cable.pull()
    expect(told).to_contain_text("trying again", timeout=PATIENCE)
    head = ann.page.locator(".directory-head").bounding_box()
    assert told.bounding_box()["y"] > head["y"] + head["height"]


def test_logging_out_ends_the_page_in_the_other_tab(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    second = ann.new_page()
    second.goto("/rooms")
    ways_out: list[str] = []
    ann.page.on("request", lambda request: is_way_out(request) and ways_out.append(request.url))
    second.get_by_role("button", name="Log out").click()
    expect(second).to_have_url(re.compile("/login"))
    expect(ann.page).to_have_url(re.compile("/login"))
    # The other tab and the end of the connection both say so: the first is not broken off.
    assert len(ways_out) == 1


def is_way_out(request):
    return request.is_navigation_request() and "/login" in request.url


def test_the_keyboard_alone_is_enough(at_browser):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    # Past the end of the page, and who is here, to its beginning.
    skip = ann.page.get_by_role("link", name="Skip to writing")
    for _ in range(15):
        ann.page.keyboard.press("Tab")
        if skip.evaluate("link => link === document.activeElement"):
            break
    expect(skip).to_be_focused()
    ann.page.keyboard.press("Enter")
    expect(ann.composer).to_be_focused()
    ann.page.keyboard.type("typed")
    ann.page.keyboard.press("Enter")
    ann.hears("typed")


def test_a_safe_next_leads_back_after_logging_in(maru, browser):
    api = maru.register_some("ann")
    room_id = api.create_room("Plans")
    ann = Person(maru, browser, api.name)
    ann.page.goto(f"/rooms/{room_id}")
    expect(ann.page).to_have_url(re.compile("/login"))
    ann.page.locator("input[name=name]").fill(api.name)
    ann.page.locator("input[name=password]").fill(PASSWORD)
    ann.page.locator("input[name=password]").press("Enter")
    expect(ann.page).to_have_url(f"{maru.url}/rooms/{room_id}")
    ann.close()
