"""Pages outlive the processes behind them."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, Person
from tests.live.cluster import Maru


@pytest.fixture
def mortal_maru(tmp_path):
    """One whose workers may be killed."""
    maru = Maru(tmp_path, PRESENCE_LEASE="30", PRESENCE_GRACE="5")
    try:
        yield maru.start()
    finally:
        maru.stop()


def test_the_page_outlives_its_worker(mortal_maru, browser):
    room_id = mortal_maru.admin.create_room("Plans")
    names = [mortal_maru.register_some(name).name for name in ("ann", "ben")]
    ann, ben = (Person(mortal_maru, browser, name).log_in() for name in names)
    for person in (ann, ben):
        person.enter(room_id)
    expect(ann.count()).to_have_text("2", timeout=PATIENCE)
    for worker in mortal_maru.workers():
        mortal_maru.kill_worker(worker)
    ann.write("still here")
    ben.hears("still here")
    ann.hears("still here")
    assert "left" not in ben.notices() + ann.notices()
    assert ann.complaints == ben.complaints == []
    for person in (ann, ben):
        person.context.close()
