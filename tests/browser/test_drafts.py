"""An unfinished message stays in its tab, whatever happens to the page.

Keys that belong to an input method, or to a keyboard without Shift, do what they do elsewhere.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE

NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"


def composer(page):
    return page.locator("#composer-text")


@pytest.fixture(params=["locks", "no locks"])
def ann(at_browser, request):
    """With the browser's locks, and without, as on plain http."""
    person = at_browser("ann")
    if request.param == "no locks":
        person.context.add_init_script(NO_LOCKS)
    return person


def test_two_tabs_in_one_room_keep_a_draft_each(ann):
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    second = ann.new_page()
    ann.enter(room_id, second)
    ann.composer.fill("from the first")
    composer(second).fill("from the second")
    for page, words in ((ann.page, "from the first"), (second, "from the second")):
        page.reload()
        expect(composer(page)).to_have_value(words)
    composer(second).press("Enter")
    ann.hears("from the second")
    ann.page.reload()
    expect(ann.composer).to_have_value("from the first")


def test_the_draft_of_a_closed_tab_is_taken_up_by_the_next(ann):
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ann.composer.fill("half a sentence")
    ann.page.close()
    ann.page = ann.new_page()
    ann.enter(room_id)
    expect(ann.composer).to_have_value("half a sentence", timeout=PATIENCE)


def test_the_draft_of_a_closed_tab_comes_to_an_open_one_that_has_none(ann):
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    second, third = ann.new_page(), ann.new_page()
    for page in (second, third):
        ann.enter(room_id, page)
    ann.composer.fill("half a sentence")
    composer(third).fill("another thing")
    # While its own tab is open it stays there.
    come_back_to(second)
    ann.page.close()
    come_back_to(third)
    come_back_to(second)
    expect(composer(second)).to_have_value("half a sentence")
    expect(composer(third)).to_have_value("another thing")


def come_back_to(page):
    """Pages of this browser believe that they have the focus all the time."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def test_the_drafts_of_two_closed_tabs_are_both_kept(ann):
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    second = ann.new_page()
    ann.enter(room_id, second)
    ann.composer.fill("one thing")
    composer(second).fill("another")
    second.close()
    ann.page.close()
    ann.page = ann.new_page()
    ann.enter(room_id)
    expect(ann.composer).to_have_value("one thing\nanother", timeout=PATIENCE)


def test_drafts_of_two_rooms_do_not_meet(ann):
    rooms = [ann.api.create_room(name) for name in ("One", "Two")]
    for room_id in rooms:
        ann.enter(room_id)
        ann.composer.fill(f"for {room_id}")
    for room_id in rooms:
        ann.enter(room_id)
        expect(ann.composer).to_have_value(f"for {room_id}")


def test_a_duplicated_tab_begins_with_the_same_words_and_goes_its_own_way(at_browser):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    ann.composer.fill("the same")
    with ann.context.expect_page() as opened:
        # A page opened by script gets a copy of the session storage, as a duplicate does.
        ann.page.evaluate("window.open(location.href, '_blank', 'opener')")
    duplicate = opened.value
    expect(composer(duplicate)).to_have_value("the same", timeout=PATIENCE)
    duplicate.wait_for_function(
        "tab => sessionStorage.getItem('maru.tab') !== tab",
        arg=ann.page.evaluate("sessionStorage.getItem('maru.tab')"),
    )
    composer(duplicate).fill("and more")
    ann.page.reload()
    expect(ann.composer).to_have_value("the same")
    duplicate.reload()
    expect(composer(duplicate)).to_have_value("and more")


def test_an_edit_that_is_begun_outlives_a_reload(two):
    ann, ben, _ = two
    ann.write("helo")
    ann.hears("helo")
    ann.composer.fill("and then")
    ann.composer.fill("")
    ann.composer.press("ArrowUp")
    ann.composer.fill("hello")
    ann.page.reload()
    expect(ann.composer).to_have_value("hello")
    expect(ann.page.locator("#editing")).to_be_visible()
    ann.composer.press("Enter")
    ben.hears("hello")
    expect(ben.said("helo")).to_have_count(0)


def test_a_message_with_code_is_edited_as_it_was_written(two):
    ann, ben, room_id = two
    ann.write("first")
    ann.hears("first")
    ben.api.request("PUT", f"/api/rooms/{room_id}/messages/1/reactions/👍")
    ann.write("run `make` now")
    ann.hears("run make now")
    ann.page.reload()
    ann.hears("run make now")
    expect(ann.page.locator("[data-count]").first).to_have_text("2", timeout=PATIENCE)
    ann.composer.press("ArrowUp")
    expect(ann.composer).to_have_value("run `make` now", timeout=PATIENCE)


def test_a_draft_from_before_is_carried_over(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.page.goto("/settings")
    ann.page.evaluate(
        "key => localStorage.setItem(key, 'of yore')", f"maru.draft.{ann.name}.{room_id}"
    )
    ann.enter(room_id)
    expect(ann.composer).to_have_value("of yore", timeout=PATIENCE)


PROCESS = {"windowsVirtualKeyCode": 229, "key": "Process", "code": "Escape"}
SAFARI = """([key]) => {
  // Safari ends the composition first, and sends the key that ended it afterwards.
  const input = document.activeElement;
  input.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
  input.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: '한' }));
  const taken = { key, keyCode: 229, bubbles: true, cancelable: true };
  input.dispatchEvent(new KeyboardEvent('keydown', taken));
}"""


def compose(person, text="하"):
    keyboard = person.context.new_cdp_session(person.page)
    span = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    keyboard.send("Input.imeSetComposition", span)
    return keyboard


def test_escape_within_a_composition_leaves_the_edit_alone(two):
    ann, _, _ = two
    ann.write("안녕")
    ann.hears("안녕")
    ann.composer.press("ArrowUp")
    keyboard = compose(ann)
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **PROCESS})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **PROCESS})
    expect(ann.page.locator("#editing")).to_be_visible()
    expect(ann.composer).to_have_value("안녕하")
    keyboard.send("Input.insertText", {"text": "하"})
    for key in ("Escape", "Enter"):
        ann.page.evaluate(SAFARI, [key])
        expect(ann.page.locator("#editing")).to_be_visible()
        expect(ann.composer).to_have_value("안녕하")
    ann.composer.press("Escape")
    expect(ann.page.locator("#editing")).not_to_be_visible()


def test_escape_within_a_composition_does_not_close_a_sheet(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True)
    ann.enter(ann.api.create_room("Plans"))
    ann.page.locator("[data-open-sheet=rooms]").click()
    expect(ann.page.locator("#room-list")).to_be_in_viewport()
    ann.page.evaluate(SAFARI, ["Escape"])
    expect(ann.page.locator("#room-list")).to_be_in_viewport()
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator("#room-list")).not_to_be_in_viewport()


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
def test_on_a_phone_enter_breaks_the_line_and_the_button_sends(two, at_browser, locale):
    _, ben, room_id = two
    cat = at_browser("cat", viewport=PHONE, has_touch=True, is_mobile=True, locale=locale)
    cat.enter(room_id)
    cat.composer.press_sequentially("one")
    cat.composer.press("Enter")
    cat.composer.press_sequentially("two")
    expect(cat.composer).to_have_value("one\ntwo")
    assert cat.composer.get_attribute("enterkeyhint") == "enter"
    cat.page.locator("#composer .send").click()
    ben.hears("one\ntwo")


def test_a_room_that_is_renamed_is_called_so_on_open_pages(two):
    ann, ben, room_id = two
    ben.api.request("PATCH", f"/api/rooms/{room_id}", json={"name": "x"})
    ann.api.request("PATCH", f"/api/rooms/{room_id}", json={"name": "Plans & dreams"})
    for person in (ann, ben):
        heading = person.page.locator("#room-name")
        expect(heading).to_contain_text("Plans & dreams", timeout=PATIENCE)
        expect(person.page).to_have_title("Plans & dreams · Maru")
        row = person.page.locator(f'#room-list [data-room-id="{room_id}"]')
        expect(row).to_contain_text("Plans & dreams")
