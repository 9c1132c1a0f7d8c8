"""However often one goes from room to room, nothing piles up, in the page or on the server."""

import pytest
from playwright.sync_api import expect

from tests.browser.going import arrives, go, link
from tests.browser.people import Person
from tests.live.cluster import Maru
from tests.waiting import eventually

#: Counts the timers that are set and have neither run nor been cleared.
COUNT_TIMERS = """
window.timersSet = new Set();
for (const [set, clear, repeats] of
    [['setTimeout', 'clearTimeout', false], ['setInterval', 'clearInterval', true]]) {
  const [before, beforeClear] = [window[set], window[clear]];
  window[set] = (run, ...more) => {
    const id = before(() => { if (!repeats) window.timersSet.delete(id); run(); }, ...more);
    window.timersSet.add(id);
    return id;
  };
  window[clear] = (id) => { window.timersSet.delete(id); beforeClear(id); };
}
"""


@pytest.fixture
def counted_rooms(at_browser):
    ann = at_browser("ann")
    one, other = ann.api.create_room("Plans"), ann.api.create_room("Lunch")
    for number in range(60):
        ann.api.say(one, f"Line {number}")
    ann.context.add_init_script(COUNT_TIMERS)
    ann.enter(one)
    return ann, one, other


def go_there_and_back(ann, one, other, times):
    for _ in range(times):
        go(ann, other, "Lunch")
        go(ann, one, "Plans")


def weight(person, browser_session):
    """Listeners of window and document, and all nodes and listeners that the page still holds."""
    ask = browser_session.send
    found = {}
    for name in ("window", "document", "document.body"):
        made = ask("Runtime.evaluate", {"expression": name})["result"]
        listeners = ask("DOMDebugger.getEventListeners", {"objectId": made["objectId"]})
        found[name] = len(listeners["listeners"])
        ask("Runtime.releaseObject", {"objectId": made["objectId"]})
    for _ in range(3):
        ask("HeapProfiler.collectGarbage")
    held = {each["name"]: each["value"] for each in ask("Performance.getMetrics")["metrics"]}
    return found, int(held["Nodes"]), int(held["JSEventListeners"])


def test_nothing_piles_up_in_the_page(counted_rooms):
    ann, one, other = counted_rooms
    session = ann.context.new_cdp_session(ann.page)
    session.send("Performance.enable")
    sockets = []
    ann.page.on("websocket", lambda socket: sockets.append(socket))
    go_there_and_back(ann, one, other, 3)
    at_first = weight(ann, session)
    timers = ann.page.evaluate("window.timersSet.size")
    go_there_and_back(ann, one, other, 50)
    listeners, nodes, all_listeners = weight(ann, session)
    assert listeners == at_first[0]
    # A room that was still held would be hundreds of nodes and dozens of listeners, fifty times.
    assert nodes < 2 * at_first[1] and all_listeners < 2 * at_first[2], (at_first, nodes)
    eventually(lambda: ann.page.evaluate("window.timersSet.size") <= timers, 30)
    # On a busy machine a call without an answer may have had the connection replaced.
    assert len([socket for socket in sockets if not socket.is_closed()]) <= 1
    eventually(lambda: (ann.api.present(one), ann.api.present(other)) == ({ann.name: 1}, {}))
    ann.write("Said once")
    ann.hears("Said once")


@pytest.fixture
def strict(tmp_path):
    """Few joins and leaves a second, as if somebody went through rooms faster than is allowed."""
    maru = Maru(tmp_path, LOCALE="en", JOIN_RATE="1")
    try:
        yield maru.start()
    finally:
        maru.stop()


def test_a_leave_that_the_server_puts_off_is_made_up_for(strict, browser):
    api = strict.register_some("ann")
    ann = Person(strict, browser, api.name).log_in()
    one, other = api.create_room("Plans"), api.create_room("Lunch")
    ann.enter(one)
    # Twenty at once are allowed; each of these takes two.
    for _ in range(6):
        for room_id, name in ((other, "Lunch"), (one, "Plans")):
            link(ann, room_id).click()
            expect(ann.page.locator("#room-name bdi")).to_have_text(name)
    arrives(ann, one, "Plans")
    eventually(lambda: (api.present(one), api.present(other)) == ({ann.name: 1}, {}), 60)
    ann.close()
    assert ann.complaints == []
