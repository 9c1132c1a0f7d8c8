"""Whoever is banned or taken out of an open room, or is no moderator now, does nothing more."""

import threading

import pytest

from tests.live.client import settle
from tests.live.members import OUT, ban, give_role, let_in, take_out
from tests.waiting import eventually


@pytest.mark.parametrize("by", ["owner", "moderator"])
@pytest.mark.parametrize("how", ["taken out", "banned"])
def test_nobody_taken_out_of_an_open_room_hears_or_says_more_through_a_deaf_worker(
    by, how, person, apart, connect, deaf
):
    ann, ben, cho, mod = person("ann"), person("ben"), person("cho"), person("mod")
    room = ann.create_room()
    mine, theirs = apart(ann, ben)
    # On every worker, each with a connection of its own.
    more = [connect(ben, worker=worker) for worker in ann.maru.workers()]
    third = connect(cho)
    everybody = [mine, theirs, third, *more]
    for client in everybody:
        client.join(room)
    let_in(ann, room, mod)
    give_role(ann, room, mod, "moderator")
    settle(room, *everybody)
    for client in everybody:
        client.forget()
    actor = ann if by == "owner" else mod
    hear_again = deaf()
    try:
        (take_out if how == "taken out" else ban)(actor, room, ben)
        for client in (theirs, *more):
            assert client.refusal("message", roomId=room, message="me") in OUT
            assert client.refusal("typing", roomId=room) in OUT
            assert client.refusal("join", roomId=room) in OUT
        ann.say(room, "a secret")
    finally:
        hear_again()
    third.wait_for_message(30, message="a secret")
    for client in (theirs, *more):
        client.wait_for_event("notice", 30, code="kicked", roomId=room)
    eventually(lambda: ben.name not in ann.present(room), 30)
    ann.say(room, "another one")
    mine.wait_for_message(30, message="another one")
    for client in (theirs, *more):
        assert client.refusal("join", roomId=room) == "forbidden"
        assert not client.messages("TALK")
    assert set(ann.present(room)) == {ann.name, cho.name}
    answer = ben.request("POST", f"/api/rooms/{room}/messages", json={"message": "me"})
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("is_deaf", [True, False])
def test_who_was_never_there_and_is_banned_hears_nothing_by_asking_to_join(
    is_deaf, person, apart, connect, deaf
):
    ann, ben, cho = person("ann"), person("ben"), person("cho")
    room = ann.create_room()
    mine, theirs = apart(ann, ben)
    there = connect(cho, worker=ann.maru.worker_of(theirs))
    for client in (mine, there):
        client.join(room)
    settle(room, mine, there)
    hear_again = deaf() if is_deaf else lambda: None
    try:
        ban(ann, room, ben)
    finally:
        hear_again()
    ann.say(room, "heard again")
    there.wait_for_message(30, message="heard again")
    talk = threading.Thread(target=lambda: [mine.say(room, str(i)) for i in range(300)])
    talk.start()
    while talk.is_alive():
        assert theirs.refusal("join", roomId=room) == "forbidden"
    there.wait_for_message(30, message="299")
    assert not theirs.messages("TALK")


def test_who_is_banned_may_come_back_once_that_is_undone(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    mine, theirs = apart(ann, ben)
    mine.join(room)
    theirs.join(room)
    ban(ann, room, ben)
    assert theirs.refusal("join", roomId=room) == "forbidden"
    undone = ann.request("DELETE", f"/api/rooms/{room}/bans/{ben.name}")
    assert undone.status_code == 204, undone.text
    theirs.join(room)
    theirs.say(room, "thanks")
    mine.wait_for_message(message="thanks", senderId=ben.user_id)


def test_calls_under_way_when_somebody_is_taken_out_change_nothing_after_it(person, apart, connect):
    """Joins and messages are sent without pause while the person is taken out."""
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    (mine,) = apart(ann)
    mine.join(room)
    theirs = [connect(ben, worker=worker) for worker in ann.maru.workers()]
    ended = threading.Event()

    def go_on(client):
        while not ended.is_set():
            client.call("join", roomId=room)
            client.call("message", roomId=room, message="me")

    running = [threading.Thread(target=go_on, args=(client,)) for client in theirs]
    for thread in running:
        thread.start()
    try:
        mine.wait_for_message(sender=ben.name, type="TALK")
        ban(ann, room, ben)
        last = ann.say(room, "a secret")["seq"]
        mine.wait_for_message(seq=last)
        for client in theirs:
            # Several refusals of each later.
            assert client.refusal("join", roomId=room) == "forbidden"
    finally:
        ended.set()
        for thread in running:
            thread.join()
    ann.say(room, "the end")
    mine.wait_for_message(message="the end")
    assert not [m for m in mine.messages("TALK", sender=ben.name) if m["seq"] > last]
    for client in theirs:
        assert not [m for m in client.messages() if m.get("seq", 0) >= last]
    assert ben.name not in ann.present(room)


def test_a_moderator_may_do_nothing_more_from_the_moment_of_the_demotion(
    person, apart, connect, deaf
):
    ann, mod, cho = person("ann"), person("mod"), person("cho")
    room = ann.create_room()
    mine, theirs = apart(ann, mod)
    third = connect(cho)
    for client in (mine, theirs, third):
        client.join(room)
    give_role(ann, room, mod, "moderator")
    first, second = (mine.say(room, words)["seq"] for words in ("one", "two"))
    assert theirs.call("delete", roomId=room, seq=first)["ok"]
    hear_again = deaf()
    try:
        give_role(ann, room, mod, "member")
        assert theirs.refusal("delete", roomId=room, seq=second) == "forbidden"
        path = f"/api/rooms/{room}/members/{cho.user_id}"
        assert mod.request("DELETE", path).status_code == 403
        assert mod.request("PUT", f"/api/rooms/{room}/bans/{cho.user_id}").status_code == 403
    finally:
        hear_again()
    assert cho.name in ann.present(room)
    assert [m["seq"] for m in ann.history(room)] == [second]
