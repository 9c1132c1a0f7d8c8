"""What a browser requests before its user can talk."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person
from tests.live.cluster import Maru

#: So many requests may the first load of a room take, the connection and its token included.
MOST_REQUESTS = 15


def test_the_first_load_of_a_room_takes_few_requests(at_browser):
    ann = at_browser("ann")
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url))
    ann.page.on("websocket", lambda opened: asked.append(opened.url))
    ann.enter(ann.api.create_room("Plans"))
    ann.page.wait_for_load_state("networkidle")
    assert any("/socket.io/" in address for address in asked)
    assert len(asked) <= MOST_REQUESTS, asked


@pytest.fixture
def in_debug_mode(tmp_path):
    maru = Maru(tmp_path, LOCALE="en", FLASK_DEBUG="1")
    try:
        yield maru.start()
    finally:
        maru.stop()


def test_in_debug_mode_the_modules_come_one_by_one_as_they_are_written(in_debug_mode, browser):
    api = in_debug_mode.register_some("ann")
    ann = Person(in_debug_mode, browser, api.name).log_in()
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url.split("/js/")[-1]))
    ann.enter(api.create_room("Plans"))
    ann.write("Hello")
    expect(ann.said("Hello")).to_be_visible()
    assert {"pages/room.js", "timeline.js"} <= set(asked)
    assert not [address for address in asked if address.startswith("bundle/")]
    ann.context.close()
    assert ann.complaints == []
