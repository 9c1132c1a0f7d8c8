import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.cable import Cable
from tests.browser.people import PATIENCE, Person
from tests.live.cluster import Maru


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def running_maru(tmp_path_factory):
    """Two workers, with the leases that people will have."""
    maru = Maru(
        tmp_path_factory.mktemp("browser"),
        LOCALE="en",
        PRESENCE_LEASE="30",
        PRESENCE_GRACE="2",
    )
    try:
        yield maru.start()
    finally:
        maru.stop()


@pytest.fixture
def maru(running_maru):
    before = len(running_maru.trouble())
    yield running_maru
    assert running_maru.trouble()[before:] == [], running_maru.log.read_text()[-10_000:]


@pytest.fixture
def at_browser(maru, browser):
    """``at_browser("ann")``: registered and logged in, at a browser of their own."""
    people = []

    def sit_down(name: str, **options) -> Person:
        api = maru.register_some(name)
        person = Person(maru, browser, api.name, **options)
        person.api = api
        people.append(person)
        return person.log_in()

    yield sit_down
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.close()
    assert complaints == []


@pytest.fixture
def cable(maru):
    """Between a browser and Maru: ``at_browser("ann", url=cable.url)``."""
    cable = Cable(maru.port)
    yield cable
    cable.close()


@pytest.fixture
def two(at_browser):
    """Two people in one room: ``ann, ben, room_id = two``."""
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    return ann, ben, room_id


@pytest.fixture
def behind_cable(two, at_browser, cable):
    """Two in a room, the first behind a cable: ``ann, ben, cable, room_id = behind_cable``."""
    _, ben, room_id = two
    ann = at_browser("cat", url=cable.url)
    ann.enter(room_id)
    return ann, ben, cable, room_id


@pytest.fixture
def sealed(at_browser):
    """Two in an encrypted room: ``ann, ben, room_id, link = sealed``."""
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Secrets", encrypted=True)
    ann.page.goto(f"/rooms/{room_id}")
    link = ann.new_invitation()
    ben.page.goto(link)
    expect(ben.composer).to_be_enabled(timeout=PATIENCE)
    return ann, ben, room_id, link


@pytest.fixture
def two_rooms(at_browser):
    """Somebody in the first of two rooms: ``ann, one, other = two_rooms``."""
    ann = at_browser("ann")
    one, other = ann.api.create_room("Plans"), ann.api.create_room("Lunch")
    ann.enter(one)
    return ann, one, other
