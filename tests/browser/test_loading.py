"""What a browser requests before its user can talk."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person
from tests.live.cluster import Maru

#: So many requests may the first load of a room take, the connection and its token included, and so
#: many bytes over the network, with a hundred rooms in the list and a page of messages.
MOST_REQUESTS, MOST_BYTES = 8, 150_000
WORDS = "Shall we meet at noon for lunch, or is one better for you and the others?"


def test_the_first_load_of_a_room_takes_few_requests_and_bytes(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    for number in range(110):
        ann.api.create_room(f"Room number {number}")
    for number in range(60):
        ann.api.say(room_id, f"{number}: {WORDS}")
    asked: dict[str, str] = {}
    got: dict[str, int] = {}
    network = ann.context.new_cdp_session(ann.page)
    network.send("Network.enable")

    def opens(event):
        asked[event["requestId"]] = event.get("url") or event["request"]["url"]

    network.on("Network.requestWillBeSent", opens)
    network.on("Network.webSocketCreated", opens)
    # What comes out of the page itself, or out of a cache, has no length.
    network.on(
        "Network.loadingFinished",
        lambda event: got.update({asked[event["requestId"]]: event["encodedDataLength"]}),
    )
    ann.enter(room_id)
    ann.page.wait_for_load_state("networkidle")
    requests = {url for url in asked.values() if not url.startswith("data:")}
    assert any("/socket.io/" in url for url in requests)
    assert len(requests) <= MOST_REQUESTS, requests
    assert 50_000 < sum(got.values()) < MOST_BYTES, got


SHIFTS = """
window.shifted = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) window.shifted.push(shift.value);
}).observe({ type: 'layout-shift', buffered: true });
"""


def test_nothing_shifts_while_a_room_comes_over_a_slow_line(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    for number in range(60):
        ann.api.say(room_id, f"{number}: {WORDS}")
    network = ann.context.new_cdp_session(ann.page)
    network.send("Network.enable")
    line = {"offline": False, "latency": 20, "downloadThroughput": 30_000, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", line)
    ann.context.add_init_script(SHIFTS)
    ann.enter(room_id)
    assert sum(ann.page.evaluate("window.shifted")) < 0.001


def test_nothing_of_a_room_is_painted_before_its_foot_is_whole(at_browser):
    """A browser paints as soon as the expected element begins, wherever the line cuts the page."""
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    comes_after = """selector => {
        const link = document.querySelector('link[rel=expect][blocking=render]');
        const expected = document.querySelector(link.getAttribute('href'));
        const part = document.querySelector(selector);
        return part.compareDocumentPosition(expected) === Node.DOCUMENT_POSITION_FOLLOWING;
    }"""
    for part in ("#timeline", "#foot", "#composer"):
        assert ann.page.evaluate(comes_after, part), part


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
    ann.close()
    assert ann.complaints == []
