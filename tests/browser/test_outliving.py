"""Pages continue after the processes of the server were replaced."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, Person
from tests.live.cluster import Maru


@pytest.fixture
def mortal_maru(tmp_path):
    """One whose workers may be killed, and where people have time to come back."""
    maru = Maru(tmp_path, LOCALE="en", PRESENCE_LEASE="60", PRESENCE_GRACE="30")
    try:
        yield maru.start()
    finally:
        maru.stop()


@pytest.fixture
def two(mortal_maru, browser):
    """Two people in one room: ``ann, ben = two``."""
    room_id = mortal_maru.admin.create_room("Plans")
    names = [mortal_maru.register_some(name).name for name in ("ann", "ben")]
    people = [Person(mortal_maru, browser, name).log_in() for name in names]
    for person in people:
        person.enter(room_id)
    expect(people[0].count()).to_have_text("2", timeout=PATIENCE)
    yield people
    for person in people:
        assert person.complaints == []
        person.close()


def test_a_reload_is_not_noticed_by_others(two):
    ann, ben = two
    ann.write("before")
    ben.hears("before")
    before = ben.announcements()
    ann.page.reload()
    ann.hears("before")
    expect(ann.count()).to_have_text("2", timeout=PATIENCE)
    ann.write("after")
    ben.hears("after")
    assert ben.announcements() == before
    ann.hears("after")
    assert ann.texts() == ["before", "after"]


def test_the_page_outlives_its_worker(mortal_maru, two):
    ann, ben = two
    for worker in mortal_maru.workers():
        mortal_maru.kill_worker(worker)
    ann.write("still here")
    ben.hears("still here")
    ann.hears("still here")
    assert "left" not in ben.announcements() + ann.announcements()
