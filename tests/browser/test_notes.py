"""What a page without a conversation says at its foot covers nothing for good."""

import pytest
from playwright.sync_api import expect

from tests.browser.going import listens
from tests.browser.people import DESKTOP, NARROW, PHONE
from tests.browser.test_added import add
from tests.browser.unsent import plant, waiting

#: What is at the middle of the element that has the focus: null if that lies outside of the window.
IS_SEEN = """() => {
  const focused = document.activeElement, { x, y, width, height } = focused.getBoundingClientRect();
  const seen = document.elementFromPoint(x + width / 2, y + height / 2);
  return Boolean(seen) && (focused.contains(seen) || seen.contains(focused));
}"""
CONTROLS = ":is(header, main) :is(a, button, input:not([type=hidden])):visible"


@pytest.fixture(params=["/rooms", "/settings"])
def told(request, at_browser):
    """``told(viewport)``: somebody on a page that tells of three rooms and of unsent words."""

    def open_page(viewport):
        ann, ben = at_browser("ann"), at_browser("ben", viewport=viewport)
        ben.page.goto("/settings")
        plant(ben, ann.api.create_room("Elsewhere"), reason="forbidden")
        listens(ben, request.param)
        expect(waiting(ben)).to_be_visible()
        for name in ("Plans", "Lunch", "Walks"):
            assert (
                add(ann, ann.api.create_room(f"{name} of which one speaks at length"), ben) == 204
            )
        expect(ben.page.locator(".addition")).to_have_count(3)
        return ben

    return open_page


@pytest.mark.parametrize("viewport", [NARROW, PHONE, DESKTOP])
def test_all_of_the_page_and_of_what_it_tells_can_be_clicked(told, viewport):
    ben = told(viewport)
    for control in ben.page.locator(CONTROLS).all():
        control.click(trial=True)
    ben.page.evaluate("scrollTo(0, 0)")
    for link in ben.page.locator("header a:visible").all():
        link.click(trial=True)
    assert ben.page.evaluate("scrollY") == 0
    waiting(ben).click(trial=True)
    for button in ben.page.locator(".addition :is(a, button)").all():
        button.click(trial=True)


def test_whoever_goes_by_keyboard_sees_what_has_the_focus(told):
    ben = told(NARROW)
    ben.page.locator(".brand").focus()
    for _ in range(ben.page.locator(CONTROLS).count() - 1):
        assert ben.page.evaluate(IS_SEEN), ben.page.evaluate("document.activeElement.outerHTML")
        ben.page.keyboard.press("Tab")
