"""People who are renamed or deactivated, as others and their own sockets see it."""

import functools

import pytest

from chat import account_state, keys
from chat.script_errors import domain_error
from chat.store.store import connect as open_store
from chat.unfinished_changes import ABANDONED_AFTER_MS
from tests import killed
from tests.live.client import settle
from tests.waiting import eventually


@pytest.fixture
def store(maru):
    opened = open_store(maru.store_url, domain_error)
    yield opened
    opened.redis.connection_pool.disconnect()


@pytest.fixture
def joined(person, apart):
    """Two people on two workers in a room of the first: ``mine, theirs, room = joined``."""
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    mine, theirs = apart(ann, ben)
    for client in (mine, theirs):
        client.join(room)
    settle(room, mine, theirs)
    return mine, theirs, room


def rename(api, name):
    answer = api.request("PATCH", "/api/me", json={"name": name})
    assert answer.status_code == 200, answer.text
    return answer.json()


def fresh(api):
    return f"{api.name}-2"


def test_a_new_name_is_heard_in_the_rooms_and_stands_on_what_is_said_then(joined):
    mine, theirs, room = joined
    ann, ben = mine.api, theirs.api
    mine.say(room, "before")
    renamed = rename(ann, fresh(ann))
    assert theirs.wait_for_event("person")["person"] == {
        field: value for field, value in renamed.items() if field != "language"
    }
    assert mine.wait_for_event("person")["person"]["name"] == fresh(ann)
    mine.say(room, "after")
    assert theirs.wait_for_message(message="before")["sender"] == ann.name
    after = theirs.wait_for_message(message="after")
    assert (after["sender"], after["senderId"]) == (fresh(ann), renamed["userId"])
    assert ben.request("GET", f"/api/rooms/{room}").json()["owner"] == fresh(ann)
    listed = ben.request("GET", f"/api/rooms/{room}/users").json()["users"]
    assert {user["name"] for user in listed} == {fresh(ann), ben.name}


def test_who_shares_no_room_hears_of_no_new_name(person, connect):
    ann, ben, cho = person("ann"), person("ben"), person("cho")
    room, other = ann.create_room(), cho.create_room()
    mine, theirs = connect(ann), connect(cho)
    mine.join(room)
    theirs.join(other)
    rename(ann, fresh(ann))
    mine.wait_for_event("person")
    rename(cho, fresh(cho))
    theirs.wait_for_event("person")
    assert [payload["person"]["name"] for event, payload in theirs.heard if event == "person"] == [
        fresh(cho)
    ]
    assert ben.name not in str(theirs.heard)


def test_a_deactivated_person_is_out_of_every_room_on_every_worker(joined, store):
    mine, theirs, room = joined
    ann, ben = mine.api, theirs.api
    account_state.deactivate(store, ben.name)
    theirs.wait_for_event("notice", code="revoked")
    assert theirs.ended.wait(30)
    eventually(lambda: ben.name not in ann.present(room), 30)
    assert ben.request("GET", "/api/rooms").status_code == 401


def test_a_renaming_whose_worker_was_killed_is_finished_by_another(person, connect, store):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    mine, theirs = connect(ann), connect(ben)
    for client in (mine, theirs):
        client.join(room)
    # As a worker leaves it that ends right after the script.
    renamed = rename(ann, fresh(ann))
    theirs.wait_for_event("person")
    theirs.forget()
    user_id = renamed["userId"]
    account, record = keys.account(user_id), store.redis.hget(keys.members(room), user_id)
    name = f"{ann.name}-3"
    store.ask_all(
        [
            ("HSET", account, "name", name),
            ("HSET", keys.NAMES, name, user_id),
            ("ZADD", keys.RENAMING, 1, f"{user_id}:1"),
        ]
    )
    assert name.encode() not in record
    eventually(lambda: store.redis.zcard(keys.RENAMING) == 0, 6 * ABANDONED_AFTER_MS / 1000)
    assert theirs.wait_for_event("person")["person"]["name"] == name
    assert store.redis.hget(keys.members(room), user_id).endswith(name.encode())
    assert ben.request("GET", f"/api/rooms/{room}").json()["owner"] == name


def test_a_room_is_passed_on_though_the_worker_that_deleted_its_owner_was_killed(
    person, connect, store
):
    ann, ben = person("ann"), person("ben")
    room, alone = ann.create_room(private=True), ann.create_room(private=True)
    ann.request("PUT", f"/api/rooms/{room}/members/{ben.user_id}")
    theirs = connect(ben)
    theirs.join(room)
    delete = functools.partial(account_state.delete, store, ann.user_id)
    killed.after(store, "delete_person", delete)
    store.redis.zadd(keys.DELETING, {ann.user_id: 1})
    told = theirs.wait_for(
        lambda heard: next((p for e, p in heard if e == "me" and "membership" in p), None),
        6 * ABANDONED_AFTER_MS / 1000,
    )
    assert (told["membership"]["roomId"], told["membership"]["role"]) == (room, "owner")
    answer = ben.request("PATCH", f"/api/rooms/{room}", json={"name": "Ours"})
    assert answer.status_code == 200 and answer.json()["ownerId"] == ben.user_id
    eventually(lambda: store.redis.zcard(keys.DELETING) == 0, 30)
    assert not store.redis.exists(keys.room(alone))
