"""Faults of style sheets: words that are cut or covered, invisible edges."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE

SMALL = {"width": 360, "height": 740}
LAPTOP = {"width": 1280, "height": 720}
ARABIC = "غرفة طويلة الاسم جدا لا يسعها العمود على الجانب أبدا"


def test_a_name_from_right_to_left_is_cut_at_its_end(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room(ARABIC)
    ann.enter(room_id)
    name = ann.page.locator(f'#room-list [data-room-id="{room_id}"] .room-name')
    assert name.evaluate("name => getComputedStyle(name).direction") == "rtl"
    assert name.evaluate("name => name.scrollWidth > name.clientWidth")


def test_a_name_from_right_to_left_begins_where_the_others_begin(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("غرفة")
    ann.api.request("PATCH", "/api/me", json={"displayName": "יוסי"})
    ann.page.goto(f"/rooms/{room_id}")
    ann.page.locator("[data-open-dialog=about]").first.click()
    for name in (
        ann.page.locator(f'#room-list [data-room-id="{room_id}"] .room-name'),
        ann.page.locator("#members .person-name"),
    ):
        expect(name).to_be_visible()
        gap = name.evaluate(
            """name => {
                const words = document.createRange();
                words.selectNodeContents(name);
                return words.getBoundingClientRect().left - name.getBoundingClientRect().left;
            }"""
        )
        assert gap < 4, name


def test_a_word_of_code_is_not_split_on_a_phone(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, is_mobile=True)
    room_id = ann.api.create_room("Plans")
    words = "Could somebody look at the file `catalogue4final` before"
    ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": words})
    ann.enter(room_id)
    code = ann.page.locator(".message-text code")
    assert code.evaluate("code => code.getClientRects().length") == 1
    assert code.bounding_box()["height"] < 30


def test_the_time_of_a_message_covers_none_of_its_words(at_browser):
    for options in ({"viewport": {"width": 768, "height": 900}}, {"locale": "ko-KR"}):
        ann = at_browser("ann", **options)
        room_id = ann.api.create_room("Plans")
        for i in range(2):
            ann.api.request(
                "POST", f"/api/rooms/{room_id}/messages", json={"message": f"{i} " * 200}
            )
        ann.enter(room_id)
        row = ann.page.locator("#timeline .message.follows")
        row.hover()
        time, text = (
            row.locator(part).bounding_box() for part in (".message-head time", ".message-text")
        )
        assert time["x"] >= row.bounding_box()["x"]
        assert time["x"] + time["width"] <= text["x"] + 1


def test_dialogs_and_buttons_have_edges_in_forced_colours(at_browser):
    ann = at_browser("ann", forced_colors="active")
    ann.enter(ann.api.create_room("Plans"))
    ann.page.get_by_role("link", name="About this room").click()
    for part in ("#about", "#about .icon-button", ".send"):
        shown = ann.page.locator(part).first
        expect(shown).to_be_visible(timeout=PATIENCE)
        assert shown.evaluate("part => parseFloat(getComputedStyle(part).borderTopWidth)") >= 1, (
            part
        )


@pytest.mark.parametrize("size", ["100%", "200%"])
def test_a_name_in_the_column_can_be_read_beside_what_else_is_said_of_the_person(at_browser, size):
    ann, ben = at_browser("ann"), at_browser("ben", viewport=LAPTOP)
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    until = int(time.time() * 1000) + 3_600_000
    member = {"role": "moderator", "mutedUntil": until}
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}", json=member)
    row = ben.page.locator(f'#people-list [data-name="{ben.name}"]')
    expect(row.locator(".hint")).to_have_text("you · moderator · muted")
    ben.page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
    name = row.locator(".person-name")
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth")
    assert row.evaluate("row => row.parentElement.scrollWidth <= row.parentElement.clientWidth")


def test_what_is_said_of_the_connection_covers_no_message(behind_cable):
    ann, _, cable, _ = behind_cable
    for i in range(30):
        ann.write(f"{i} " * 9)
    ann.hears("29 " * 8 + "29")
    cable.pull()
    ann.write("Later")
    line = ann.page.locator(".conversation-body .connection")
    waiting = ann.page.locator(".unsent-summary")
    expect(line).to_be_visible()
    expect(waiting).to_be_visible()
    top = ann.page.locator("#log").bounding_box()["y"]
    for said in (line, waiting):
        box = said.bounding_box()
        assert box["y"] + box["height"] <= top + 1


def test_figures_are_read_out_with_their_korean_counting_word(at_browser):
    ann = at_browser("ann", locale="ko-KR")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    link = ann.page.get_by_role("complementary", name="방").get_by_role("link", name="Plans")
    expect(link).to_have_accessible_name("Plans 1명 있음")


@pytest.mark.parametrize("language", ["en-GB", "ko-KR"])
def test_somebody_with_a_long_name_is_seen_to_be_typing(at_browser, language):
    ann = at_browser("ann", viewport=PHONE, locale=language)
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    typists = [at_browser("ben"), at_browser("cho")]
    for person, shown in zip(typists, ("Bo", "Wolfeschlegelsteinhausen " * 2), strict=True):
        person.enter(room_id)
        person.api.request("PATCH", "/api/me", json={"displayName": shown})
        person.composer.press_sequentially("so")
    line = ann.page.locator("#typing")
    expect(line.locator("bdi")).to_have_count(2)
    verb = {"en-GB": "are typing…", "ko-KR": "입력하고 있습니다…"}[language]
    expect(line).to_contain_text(verb)
    ends = line.evaluate(
        """line => {
            const words = document.createRange();
            words.selectNodeContents(line.lastChild);
            return [words.getBoundingClientRect().right, line.getBoundingClientRect().right];
        }"""
    )
    assert ends[0] <= ends[1] + 1
    short, long = line.locator("bdi").all()
    if short.inner_text() != "Bo":
        short, long = long, short
    # The long name gives way, and not the short one.
    assert short.evaluate("name => name.scrollWidth <= name.clientWidth")
    assert long.evaluate("name => name.scrollWidth > name.clientWidth")


def test_one_name_from_right_to_left_does_not_turn_the_names_of_others_round(at_browser):
    ann, ben, cho = at_browser("ann"), at_browser("ben"), at_browser("cho")
    asked = {"people": [ben.api.user_id, cho.api.user_id]}
    room_id = ann.api.request("POST", "/api/direct", json=asked).json()["roomId"]
    ann.enter(room_id)
    ben.api.request("PATCH", "/api/me", json={"displayName": "א Hebrew 1"})
    cho.api.request("PATCH", "/api/me", json={"displayName": "ב Hebrew 2"})
    heading = ann.page.locator("#room-name bdi")
    name = "\u200e\u2068א Hebrew 1\u2069, \u2068ב Hebrew 2\u2069"
    for _ in range(2):
        expect(heading).to_have_text(re.compile(f"^{name}$"))
        row = ann.page.locator(f'#direct-list [data-room-id="{room_id}"] .room-name')
        expect(row).to_have_text(re.compile(f"^{name}$"))
        assert row.evaluate("name => getComputedStyle(name).direction") == "ltr"
        # What the script writes is what the server draws.
        ann.page.reload()


def test_the_focus_on_the_first_person_is_not_cut(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, is_mobile=True)
    ann.enter(ann.api.create_room("Plans"))
    room = ann.page.locator("#people-list").evaluate(
        """list => list.querySelector('.person-name').getBoundingClientRect().top
            - list.getBoundingClientRect().top"""
    )
    # The line is 2 px wide, and 2 px away.
    assert room >= 4


def test_on_a_phone_one_finds_direct_messages_below_many_rooms(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, is_mobile=True, locale="ko-KR")
    for number in range(20):
        ann.api.create_room(f"Room {number}")
    ann.page.goto("/rooms")
    expect(ann.page.locator("#write-to")).not_to_be_in_viewport()
    ann.page.get_by_role("link", name="다이렉트 메시지").click()
    expect(ann.page.locator("#write-to")).to_be_in_viewport()


def test_the_number_of_unread_messages_keeps_to_one_line_beside_a_long_name(at_browser):
    ann, ben = at_browser("ann", viewport=PHONE, has_touch=True, is_mobile=True), at_browser("ben")
    room_id = ann.api.create_room("A room whose name is longer than a phone is wide")
    ann.enter(room_id)
    ann.page.goto("/rooms")
    ben.api.say(room_id, "Hello")
    badge = ann.page.locator(f'#room-list [data-room-id="{room_id}"] .room-unread')
    expect(badge.locator(".figure")).to_have_text("1")
    badge.locator(".figure").evaluate("figure => { figure.textContent = '99+'; }")
    assert badge.bounding_box()["height"] < 24


@pytest.mark.parametrize("language", ["en-GB", "ko-KR"])
def test_on_a_phone_the_line_while_editing_names_no_key_and_is_not_cut(at_browser, language):
    ann = at_browser("ann", viewport=SMALL, has_touch=True, is_mobile=True, locale=language)
    ann.enter(ann.api.create_room("Plans"))
    ann.write("helo")
    ann.hears("helo")
    ann.composer.press("ArrowUp")
    line = ann.page.locator("#editing")
    expect(line).to_be_visible()
    assert "Esc" not in line.inner_text()
    words = line.locator("span").first
    assert words.evaluate("words => words.scrollWidth <= words.clientWidth")
    assert line.locator("button").bounding_box()["height"] >= 44
    line.locator("button").tap()
    expect(line).to_be_hidden()


def test_on_a_phone_the_way_home_is_as_large_as_a_finger(at_browser):
    ann = at_browser("ann", viewport=SMALL, has_touch=True, is_mobile=True)
    ann.page.goto("/settings")
    assert ann.page.locator(".brand").bounding_box()["height"] >= 44
