"""What a page shows of a room of which its worker was not told everything."""

import contextlib
import os
import signal

import pytest
from playwright.sync_api import expect

from chat import people
from chat.conversation import Conversation
from chat.limits import Limits
from chat.store import identity
from chat.store.store import connect as open_store
from tests.browser.people import PATIENCE
from tests.waiting import eventually


@pytest.fixture
def store(maru):
    opened = open_store(maru.store_url)
    # As for a worker: otherwise what is said through it begins a new epoch.
    opened.life, _ = identity.read(opened.ask_all(identity.COMMANDS))
    yield opened
    opened.redis.connection_pool.disconnect()


@pytest.fixture
def unheard(maru, store):
    """``with unheard():`` no worker receives what is published; it reads what is there after."""

    @contextlib.contextmanager
    def while_stopped():
        workers = maru.workers()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            store.redis.client_kill_filter(_type="pubsub")
            yield
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGCONT)

    return while_stopped


@pytest.fixture
def takes_back(store):
    """``takes_back(ben, room_id)``: a message is said and deleted, so that its number is empty."""

    def say_and_delete(person, room_id):
        conversation = Conversation(store, Limits())
        speaker = people.get_by_id(store, person.api.user_id)
        seq = conversation.talk(speaker, room_id, "not so")["seq"]
        conversation.delete(speaker, room_id, seq)

    return say_and_delete


def test_a_room_goes_on_after_a_deleted_message_that_nobody_was_told_of(two, unheard, takes_back):
    ann, ben, room_id = two
    ann.write("first")
    ann.hears("first")
    ben.hears("first")
    with unheard():
        takes_back(ben, room_id)
    ann.write("second")
    ben.write("third")
    for person in (ann, ben):
        person.hears("second")
        person.hears("third")
        expect(person.page.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)
        assert person.texts()[0] == "first" and sorted(person.texts()[1:]) == ["second", "third"]


def test_it_goes_on_while_people_say_more_all_the_time(two, unheard, takes_back):
    ann, ben, room_id = two
    ann.write("first")
    ann.hears("first")
    with unheard():
        takes_back(ben, room_id)

    def says_more():
        ben.api.say(room_id, "and more")
        return ann.said("and more").count()

    eventually(says_more, 30)


def test_it_goes_on_in_the_room_to_which_the_page_has_gone_on(two_rooms, unheard, takes_back):
    ann, one, other = two_rooms
    ann.page.locator(f'#room-list [data-room-id="{other}"] a').click()
    expect(ann.page.locator("#room-name")).to_have_text("Lunch")
    ann.write("first")
    ann.hears("first")
    with unheard():
        takes_back(ann, one)
        takes_back(ann, other)
    ann.write("second")
    ann.hears("second")
    expect(ann.page.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)
    assert ann.texts() == ["first", "second"]
