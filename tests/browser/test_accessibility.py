"""axe finds nothing on any page: both schemes, wide and narrow, both languages, dialogs open."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.people import DESKTOP, PATIENCE, PHONE, Person

FINGER = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
#: Half-way through an animation colours are not what they will be.
CALM = {"reduced_motion": "reduce"}
OPTIONS = {"resultTypes": ["violations"]}


def faults(page):
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in found]


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return {"color_scheme": request.param, **CALM}


@pytest.mark.parametrize("lang", ["en-GB", "ko-KR"])
def test_the_door(maru, browser, scheme, lang):
    ann = Person(maru, browser, "nobody", locale=lang, **scheme)
    for path in ("/login", "/register"):
        ann.page.goto(path)
        assert faults(ann.page) == [], path
    ann.close()


@pytest.mark.parametrize(
    ("lang", "screen"), [("en-GB", {"viewport": DESKTOP}), ("ko-KR", FINGER)], ids=["wide", "phone"]
)
def test_the_rooms_and_all_that_opens_in_one(at_browser, maru, scheme, lang, screen):
    ben = at_browser("ben")
    ann = at_browser("ann", locale=lang, **screen, **scheme)
    maru.flask("set-role", ann.name, "admin")
    room_id = ann.api.create_room("Plans", private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    for i in range(60):
        words = "short" if i % 9 else "`code` and\n```\n" + "a long line " * 30 + "\n```"
        ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": words})
    ann.api.request("PUT", f"/api/rooms/{room_id}/messages/60/reactions/🎉")
    ben.api.say(room_id, f"@{ann.name}, look at this")
    page = ann.page
    for path in ("/rooms", "/mentions", "/search?q=look", "/settings", "/admin"):
        page.goto(path)
        assert faults(page) == [], path
    ann.enter(room_id)
    assert faults(page) == []
    page.locator("header [data-open-dialog=about]").first.click()
    page.locator(f'#members [data-name="{ben.name}"] a').click()
    expect(page.locator("#person .card")).to_be_visible()
    assert faults(page) == [], "a member"
    page.keyboard.press("Escape")
    expect(page.locator("#members > .person")).to_have_count(2)
    assert faults(page) == [], "members"
    page.keyboard.press("Escape")
    for dialog in ("delete", "delete-message", "remove-member", "ban-member", "pass-on"):
        page.evaluate("id => document.getElementById(id).showModal()", dialog)
        assert faults(page) == [], dialog
        page.evaluate("id => document.getElementById(id).close()", dialog)
    row = page.locator("#timeline .message").last
    if screen is FINGER:
        row.locator(".message-text").tap()
        assert faults(page) == [], "toolbar"
        page.locator(".conversation-head").tap(position={"x": 100, "y": 10})
        for sheet in ("rooms", "people"):
            page.locator(f"[data-open-sheet={sheet}]").tap()
            expect(page.locator(f"#{sheet}")).to_have_attribute("role", "dialog", timeout=PATIENCE)
            assert faults(page) == [], sheet
            page.keyboard.press("Escape")
            expect(page.locator(f"#{sheet}")).not_to_have_attribute("role", "dialog")
    else:
        row.hover()
        assert faults(page) == [], "toolbar"


def test_what_opens_over_a_room_is_no_banner_of_its_page(at_browser, maru):
    ann = at_browser("ann", **FINGER)
    ann.enter(ann.api.create_room("Plans"))
    banners = ann.page.get_by_role("banner")
    ann.page.locator("header [data-open-dialog=about]").first.tap()
    ann.page.locator("#members a").first.tap()
    expect(ann.page.locator("#person .card")).to_be_visible()
    expect(banners).to_have_count(0)
    for dialog in ("person", "about"):
        ann.page.keyboard.press("Escape")
        expect(ann.page.locator(f"#{dialog}")).not_to_be_visible()
    for sheet in ("rooms", "people"):
        ann.page.locator(f"[data-open-sheet={sheet}]").tap()
        expect(ann.page.locator(f"#{sheet}")).to_have_attribute("role", "dialog")
        expect(banners).to_have_count(0)
        ann.page.keyboard.press("Escape")
        expect(ann.page.locator(f"#{sheet}")).not_to_have_attribute("role", "dialog")


def test_a_member_may_leave_and_axe_agrees(at_browser, scheme):
    ann, ben = at_browser("ann"), at_browser("ben", **scheme)
    room_id = ann.api.create_room("Plans", private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    ben.enter(room_id)
    for dialog in ("about", "give-up"):
        ben.page.evaluate("id => document.getElementById(id).showModal()", dialog)
        assert faults(ben.page) == [], dialog
        ben.page.evaluate("id => document.getElementById(id).close()", dialog)


def test_axe_agrees_with_who_is_added_muted_and_archived(at_browser, scheme):
    ann, ben = at_browser("ann"), at_browser("ben", **scheme)
    room_id = ann.api.create_room("Plans")
    ben.enter(ben.api.create_room("Garden"))
    path = f"/api/rooms/{room_id}"
    ann.api.request("PUT", f"{path}/members/{ben.name}")
    ann.api.request("PATCH", path, json={"description": "What we plan", "archived": True})
    ann.api.request("POST", "/api/direct", json={"people": [ben.name]})
    expect(ben.page.locator(".addition")).to_have_count(2)
    assert faults(ben.page) == [], "told elsewhere"
    ben.enter(room_id)
    expect(ben.page.locator("#read-only")).to_be_visible()
    assert faults(ben.page) == [], "told in the room"
    for more in ("/members", f"/members/{ann.api.user_id}"):
        ben.page.goto(f"/rooms/{room_id}{more}")
        assert faults(ben.page) == [], more


def test_axe_agrees_with_whom_one_refuses(at_browser, scheme):
    ann, ben = at_browser("ann"), at_browser("ben", **scheme)
    room_id = ann.api.create_room("Plans", private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    ben.api.request("POST", f"/api/rooms/{room_id}/members/refuse")
    ben.page.goto("/settings")
    button = ben.page.get_by_role("button", name=f"Accept again {ann.name}")
    expect(button).to_be_visible(timeout=PATIENCE)
    assert faults(ben.page) == []
    button.click()
    expect(button).to_have_count(0, timeout=PATIENCE)
    answer = ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    assert answer.status_code == 204
