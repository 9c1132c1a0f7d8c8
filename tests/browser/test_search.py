"""Finding messages: the page of search, and the panel beside a conversation."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import NARROW, PHONE

WORDS = {
    "en": {
        "locale": "en-GB",
        "search": "Search in messages",
        "nothing": "Nothing was found",
        "filters": "Filters",
        "older": "Older messages",
    },
    "ko": {
        "locale": "ko-KR",
        "search": "메시지 검색",
        "nothing": "찾은 메시지가 없습니다",
        "filters": "조건",
        "older": "더 오래된 메시지",
    },
}


@pytest.fixture(params=["en", "ko"])
def words(request):
    return WORDS[request.param]


@pytest.fixture
def bora(at_browser, words):
    return at_browser("bora", locale=words["locale"])


def hits(page):
    return page.locator(".hit")


def test_a_hit_leads_to_the_message_in_its_room(bora, words):
    page, room_id = bora.page, bora.api.create_room("점심 방", private=True)
    for number in range(70):
        bora.api.say(room_id, f"말 {number}")
    bora.api.say(room_id, "내일 점심회의는 **열두** 시 <b>")
    for number in range(70):
        bora.api.say(room_id, f"다음 {number}")
    page.goto("/rooms")
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name=words["search"])
    expect(field).to_be_focused()
    field.fill("회의 내일")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q="))
    expect(hits(page)).to_have_count(1)
    expect(hits(page).locator("mark")).to_have_text(["내일", "회의"])
    expect(hits(page).locator(".hit-text")).to_have_text("내일 점심회의는 **열두** 시 <b>")
    expect(hits(page).locator(".hit-room")).to_have_text("점심 방")
    expect(hits(page).locator(".sender")).to_have_text(bora.name)
    hits(page).locator("a").click()
    linked = page.locator("#timeline .message.linked")
    expect(linked).to_contain_text("점심회의는")
    expect(linked).to_be_in_viewport()


def test_nothing_found_and_what_is_no_search(bora, words):
    page = bora.page
    page.goto("/search?q=없는말")
    expect(page.locator("#found")).to_contain_text(words["nothing"])
    page.goto("/search?q=x")
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto("/search?q=word&from=nobody-of-that-name")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#finding-from")).to_have_value("nobody-of-that-name")
    bora.complaints.clear()  # of the 400 and 404


def test_page_after_page(bora, words):
    page, room_id = bora.page, bora.api.create_room("Plans")
    for number in range(25):
        bora.api.say(room_id, f"plan number {number}")
    page.goto("/search?q=number&in=Plans&from=" + bora.name)
    expect(hits(page)).to_have_count(20)
    page.get_by_role("link", name=words["older"]).click()
    expect(hits(page)).to_have_count(5)
    expect(hits(page).last).to_contain_text("plan number 0")
    expect(page.locator("#finding-from")).to_have_value(bora.name)


def test_filters_complete_as_one_types(bora, at_browser, words):
    dan = at_browser("dan")
    room_id = bora.api.create_room("점심 모임")
    bora.api.say(room_id, "word of bora")
    dan.api.say(room_id, "word of dan")
    page = bora.page
    page.goto("/search")
    field = page.locator("#finding-q")
    field.press_sequentially(f"word from:{dan.name[:3]}")
    options = page.get_by_role("option")
    expect(options.filter(has_text=dan.name)).to_be_visible()
    for _ in range(8):
        if options.filter(has_text=dan.name).get_attribute("aria-selected") == "true":
            break
        field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value(f"word from:{dan.name} ")
    expect(options).to_have_count(0)
    field.press_sequentially("in:점심")
    options.filter(has_text="점심 모임").first.click()
    expect(field).to_have_value(f'word from:{dan.name} in:"점심 모임" ')
    expect(field).to_be_focused()
    field.press("Enter")
    expect(hits(page).locator(".hit-text")).to_have_text("word of dan")
    page.locator("summary", has_text=words["filters"]).click()
    page.locator("#finding-from").press_sequentially(bora.name[:3])
    options.filter(has_text=bora.name).click()
    expect(page.locator("#finding-from")).to_have_value(bora.name)
    page.locator("#finding-in").press_sequentially("점심")
    expect(options.filter(has_text="점심 모임").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(page.locator("#finding-in")).to_have_value("점심")


def test_the_panel_beside_a_conversation(bora, words):
    page = bora.page
    room_id, other = bora.api.create_room("Plans"), bora.api.create_room("Lunch")
    for number in range(25):
        bora.api.say(room_id, f"word {number} here")
    bora.api.say(other, "word elsewhere")
    bora.enter(room_id)
    assert page.locator("script[src*='panel/search']").count() == 0
    page.locator("#log").focus()
    page.keyboard.press("/")
    panel = page.locator("#search-panel")
    field = panel.locator("[name=q]")
    expect(field).to_be_focused()
    field.fill("word")
    field.press("Enter")
    expect(hits(page)).to_have_count(20)
    panel.locator("#more-found").click()
    expect(hits(page)).to_have_count(25)
    hits(page).last.locator("a").click()
    expect(page.locator(".message.linked")).to_contain_text("word 0 here")
    expect(page.locator("body")).to_have_class(re.compile("searching"))
    # In all rooms: a hit in another one leads there, and the panel stays.
    panel.locator("[name=roomId]").uncheck()
    field.press("Enter")
    expect(hits(page).first).to_contain_text("elsewhere")
    hits(page).first.locator("a").click()
    expect(page.locator("#room-name")).to_contain_text("Lunch")
    expect(page.locator(".message.linked")).to_contain_text("word elsewhere")
    expect(panel).to_be_visible()
    field.focus()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(panel).to_be_visible()
    expect(field).to_be_focused()
    page.locator("#people-button").click()
    expect(panel).to_be_hidden()


def test_where_there_is_no_width_for_a_panel_it_is_a_page(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True)
    room_id = ann.api.create_room("Plans")
    ann.api.say(room_id, "word " + "x" * 300)
    ann.enter(room_id)
    ann.page.locator("[data-open-sheet=rooms]").click()
    ann.page.locator("[data-search]").click()
    expect(ann.page).to_have_url(re.compile("/search"))
    for width in (PHONE, NARROW):
        ann.page.set_viewport_size(width)
        ann.page.goto("/search?q=word&from=" + ann.name)
        expect(hits(ann.page)).to_have_count(1)
        wider = "document.documentElement.scrollWidth - window.innerWidth"
        assert ann.page.evaluate(wider) <= 0


def test_without_a_script(at_browser):
    ann = at_browser("ann", java_script_enabled=False)
    room_id = ann.api.create_room("Plans")
    ann.api.say(room_id, "a word")
    ann.page.goto(f"/rooms/{room_id}")
    ann.page.locator("[data-search]").click()
    ann.page.locator("#finding-q").fill("word from:" + ann.name)
    ann.page.locator("#finding-q").press("Enter")
    hits(ann.page).locator("a").click()
    expect(ann.page.locator(".message.linked")).to_contain_text("a word")


def test_a_slash_that_is_written_is_written(two):
    ann, _, _ = two
    ann.composer.press_sequentially("1/2")
    expect(ann.composer).to_have_value("1/2")
    assert ann.page.locator("#search-panel").count() == 0


def test_what_was_searched_for_stands_in_no_other_page(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/search")
    ann.page.locator("#finding-q").fill("word")
    ann.page.locator("summary").click()
    ann.page.locator("#finding-from").fill(ann.name)
    ann.page.goto("/rooms")
    expect(ann.page.locator("#bar-q")).to_have_value("")
    ann.page.goto("/search")
    expect(ann.page.locator("#finding-q")).to_be_focused()
    expect(ann.page.locator("#finding-q")).to_have_value("")
    expect(ann.page.locator("#finding-from")).to_have_value("")
