"""A removed member receives and sends nothing more, whatever its worker has received."""

import pytest

from chat import account_state, accounts, people
from chat.passwords import Hasher
from tests.conftest import account_key
from tests.live.client import settle
from tests.live.cluster import PASSWORD
from tests.live.members import let_in, take_out
from tests.waiting import eventually


def test_a_member_removed_while_its_worker_is_deaf_hears_and_says_nothing_more(
    person, apart, connect, deaf
):
    ann, ben, cho = person("ann"), person("ben"), person("cho")
    room = ann.create_room(private=True)
    let_in(ann, room, ben, cho)
    mine, theirs = apart(ann, ben)
    third = connect(cho)
    for client in (mine, theirs, third):
        client.join(room)
    settle(room, mine, theirs, third)
    hear_again = deaf()
    try:
        take_out(ann, room, ben)
        # At once, and also when it says so over again.
        for _ in range(3):
            assert theirs.refusal("message", roomId=room, message="me") in (
                "not_found",
                "not_joined",
            )
            assert theirs.refusal("typing", roomId=room) in ("not_found", "not_joined")
        ann.say(room, "a secret")
    finally:
        hear_again()
    third.wait_for_message(30, message="a secret")
    theirs.wait_for_event("notice", 30, code="kicked", roomId=room)
    # Two leases later nobody has put it back.
    eventually(lambda: ben.name not in ann.present(room), 30)
    ann.say(room, "another one")
    mine.wait_for_message(30, message="another one")
    assert not theirs.messages("TALK")
    assert theirs.refusal("message", roomId=room, message="me") == "not_found"
    assert theirs.refusal("join", roomId=room) == "not_found"
    assert set(ann.present(room)) == {ann.name, cho.name}


def test_no_renewal_puts_a_removed_member_back(person, connect, store, maru):
    """The worker was not told at all: as if what was published had been lost."""
    ann, ben = person("ann"), person("ben")
    room = ann.create_room(private=True)
    let_in(ann, room, ben)
    mine, theirs = connect(ann), connect(ben)
    mine.join(room)
    theirs.join(room)
    store.redis.hdel(f"maru:room:{{{room}}}:members", ben.user_id)
    assert theirs.refusal("message", roomId=room, message="me") == "not_found"
    theirs.wait_for_event("notice", 30, code="kicked", roomId=room)
    mine.wait_for_message(30, type="QUIT", sender=ben.name, reason="kicked")
    ann.say(room, "a secret")
    mine.wait_for_message(message="a secret")
    assert not theirs.messages("TALK")


def test_who_has_left_for_good_is_not_back_by_a_message_of_another_tab(person, connect, store):
    """The tab's worker was not told at all: as if what was published had been lost."""
    ben = person("ben")
    room = person("ann").create_room()
    tab = connect(ben)
    tab.join(room)
    tab.say(room, "hi")
    key = f"maru:room:{{{room}}}"
    with store.redis.pipeline() as at_once:
        at_once.hdel(f"{key}:members", ben.user_id)
        at_once.delete(f"{key}:conns", f"{key}:people")
        at_once.execute()
    assert tab.refusal("message", roomId=room, message="me") == "not_joined"
    assert tab.refusal("react", roomId=room, seq=1, emoji="👍", on=True) == "not_joined"
    assert not store.redis.hexists(f"{key}:members", ben.user_id)
    assert store.redis.xlen(f"{key}:stream") == 1


def test_nothing_said_after_a_removal_is_heard_however_fast(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room(private=True)
    mine, theirs = apart(ann, ben)
    mine.join(room)
    for tick in range(20):
        let_in(ann, room, ben)
        theirs.join(room)
        take_out(ann, room, ben)
        mine.say(room, f"secret {tick}")
    theirs.wait_for(lambda heard: [e for e, p in heard if e == "notice"][19:], 30)
    assert not theirs.messages("TALK")


@pytest.mark.parametrize("how", ["guest", "password", "log-out"])
def test_whoever_may_not_go_on_is_cut_off_by_a_deaf_worker_too(
    how, person, connect, store, deaf, maru
):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    mine, theirs = connect(ann), connect(ben)
    mine.join(room)
    theirs.join(room)
    hear_again = deaf()
    try:
        if how == "guest":
            account_state.set_role(store, ben.name, people.GUEST)
        elif how == "password":
            user = people.find(store, ben.name)
            accounts.change_password(store, Hasher(), user, PASSWORD, "another " + PASSWORD)
        else:
            revoked = ben.maru.url + "/api/token/revoke"
            answer = ben.request("POST", revoked.removeprefix(ben.url))
            assert answer.status_code == 204
        mine.say(room, "a secret")
    finally:
        hear_again()
    theirs.wait_for_event("notice", 30, code="revoked")
    assert theirs.ended.wait(30)
    assert not theirs.messages("TALK")


def test_an_account_that_was_changed_unheard_is_cut_off_by_the_next_look(person, connect, store):
    ben = person("ben")
    theirs = connect(ben)
    store.redis.hset(account_key(store, ben.name), "role", people.GUEST)
    theirs.wait_for_event("notice", 30, code="revoked")
    assert theirs.ended.wait(30)


def test_only_members_learn_that_a_private_room_was_deleted(person, connect):
    ann, ben, cho = person("ann"), person("ben"), person("cho")
    room, public = ann.create_room(private=True), ann.create_room()
    let_in(ann, room, ben)
    member, stranger = connect(ben), connect(cho)
    for client in (member, stranger):
        assert client.call("watch")["ok"]
    ann.say(room, "hi")
    ann.delete_room(room)
    ann.delete_room(public)

    def closed(heard):
        told = [r for e, p in heard if e == "rooms" for r in p["rooms"] if r.get("closed")]
        return {r["roomId"] for r in told}

    member.wait_for(lambda heard: closed(heard) >= {room, public}, 30)
    stranger.wait_for(lambda heard: public in closed(heard), 30)
    assert room not in closed(stranger.heard)
