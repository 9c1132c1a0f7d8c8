"""What people are told of themselves and of others: ``me``, ``person``, and the list of rooms."""

import threading
from functools import partial

import pytest

from tests.live.client import MARKER
from tests.live.cluster import Api
from tests.waiting import eventually


def rename(api: Api, **fields: str) -> dict:
    answer = api.request("PATCH", "/api/me", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def settle_me(*clients):
    """Return once all that was published for people before this has arrived at these clients.

    All that is told to people comes over one channel, in order.
    """
    for client in clients:
        room = client.api.create_room(MARKER)
        wait_for_me(client, lambda event, room=room: event.get("room", {}).get("roomId") == room)


def wait_for_me(client, matches):
    return client.wait_for(
        lambda heard: next((p for e, p in heard if e == "me" and matches(p)), None)
    )


def me_of(client, room):
    """What this client was told of its own membership of a room."""
    told = [p for e, p in list(client.heard) if e == "me" and p["type"] == "membership"]
    return [p for p in told if room in (p.get("roomId"), p.get("membership", {}).get("roomId"))]


@pytest.mark.parametrize("fields", [{"name": "renamed-{}"}, {"displayName": "Shown {}"}])
def test_a_new_name_reaches_those_who_share_a_room_at_once(fields, person, apart, connect):
    ann, ben, dan = person("ann"), person("ben"), person("dan")
    room = ann.create_room()
    mine, theirs = apart(ann, ben)
    elsewhere = connect(dan)
    mine.join(room)
    theirs.join(room)
    theirs.say(room, "before")
    [(field, pattern)] = fields.items()
    new = pattern.format(ben.name)
    changed = rename(ben, **{field: new})
    assert changed[field] == new and changed["userId"] == ben.user_id
    for client in (mine, theirs):
        told = client.wait_for_event("person")["person"]
        assert (told["userId"], told[field]) == (ben.user_id, new)
    # Its open connection speaks by the new name, and what was said keeps its sender.
    said = theirs.say(room, "after")
    name = new if field == "name" else ben.name
    heard = mine.wait_for_message(seq=said["seq"])
    assert (heard["sender"], heard["senderId"]) == (name, ben.user_id)
    assert [(m["sender"], m["senderId"]) for m in ann.history(room)] == [
        (ben.name, ben.user_id), (name, ben.user_id)
    ]  # fmt: skip
    assert name in ann.present(room)
    settle_me(elsewhere)
    assert not [
        p for e, p in elsewhere.heard if e == "person" and p["person"]["userId"] != dan.user_id
    ]


def test_who_goes_after_a_renaming_goes_by_the_new_name(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    mine, theirs = apart(ann, ben)
    mine.join(room)
    theirs.join(room)
    rename(ben, name=f"new-{ben.name}")
    mine.wait_for_event("person")
    theirs.vanish()
    gone = mine.wait_for_message(type="QUIT")
    assert (gone["sender"], gone["senderId"]) == (f"new-{ben.name}", ben.user_id)


def test_who_enters_while_being_renamed_is_here_by_the_new_name(maru, person, connect):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    clients = [connect(ben, worker=worker) for worker in maru.workers()]
    ended = threading.Event()

    def go_on(client):
        while not ended.is_set():
            client.join(room)
            client.leave(room)
        client.join(room)

    running = [threading.Thread(target=go_on, args=(client,)) for client in clients]
    for thread in running:
        thread.start()
    names = [f"{ben.name}.{number}" for number in range(20)]
    try:
        for name in names:
            rename(ben, name=name)
    finally:
        ended.set()
        for thread in running:
            thread.join()
    eventually(lambda: ann.present(room) == {names[-1]: len(clients)}, 30)


def test_memberships_are_told_to_all_connections_of_the_person_and_to_nobody_else(
    maru, person, connect
):
    ann, ben, cho = person("ann"), person("ben"), person("cho")
    theirs = [connect(ben, worker=worker) for worker in maru.workers()]
    stranger, owner = connect(cho), connect(ann)
    room = ann.create_room(private=True)
    path = f"/api/rooms/{room}/members/{ben.user_id}"

    assert ann.request("PUT", path).status_code == 204
    for client in theirs:
        added = wait_for_me(client, lambda p: p.get("membership", {}).get("roomId") == room)
        assert added["type"] == "membership" and added["by"] == ann.user_id
        assert added["membership"]["role"] == "member"
        assert added["membership"]["userId"] == ben.user_id
        assert added["room"]["roomId"] == room

    assert ann.request("PUT", path, json={"role": "moderator"}).status_code == 204
    for client in theirs:
        wait_for_me(client, lambda p: p.get("membership", {}).get("role") == "moderator")

    starred = ben.request("PATCH", f"/api/rooms/{room}/membership", json={"starred": True})
    assert starred.status_code == 200 and starred.json()["starred"] is True
    for client in theirs:
        wait_for_me(client, lambda p: p.get("membership", {}).get("starred"))

    assert ann.request("DELETE", path).status_code == 204
    for client in theirs:
        wait_for_me(client, lambda p: p.get("roomId") == room and p.get("gone") is True)

    settle_me(stranger, owner)
    assert not me_of(stranger, room)
    assert {p["membership"]["userId"] for p in me_of(owner, room)} == {ann.user_id}


def test_joining_an_open_room_is_told_to_the_other_connections_of_the_person(maru, person, connect):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    theirs = [connect(ben, worker=worker) for worker in maru.workers()]
    stranger = connect(ann)
    theirs[0].join(room)
    for client in theirs[1:]:
        wait_for_me(client, lambda p: p.get("membership", {}).get("roomId") == room)
    rail = ben.request("GET", "/api/me/rooms").json()["rooms"]
    assert [(r["roomId"], r["membership"]["role"]) for r in rail] == [(room, "member")]
    settle_me(stranger)
    assert {p["membership"]["userId"] for p in me_of(stranger, room)} <= {ann.user_id}


def test_rooms_joined_at_once_are_told_to_many_connections_of_several_people(person, connect):
    # More events than a worker sends before others have their turns.
    owner, *people = (person(name) for name in ("ann", "ben", "cho"))
    rooms = [owner.create_room(f"Room {number}") for number in range(4)]
    theirs = [[connect(api) for _ in range(30)] for api in people]
    for room in rooms:
        for clients in theirs:
            clients[0].join(room)
    for clients in theirs:
        for client in clients[1:]:
            for room in rooms:
                told = wait_for_me(client, partial(is_of, room))
                assert told["membership"]["userId"] == client.api.user_id


def is_of(room, event):
    return event.get("membership", {}).get("roomId") == room


def test_what_was_read_is_told_to_the_other_connections(maru, person, connect):
    ann = person("ann")
    room = ann.create_room()
    seq = ann.say(room, "hello")["seq"]
    mine = [connect(ann, worker=worker) for worker in maru.workers()]
    answer = mine[0].call("read", roomId=room, seq=seq)
    assert answer["ok"] and answer["membership"]["read"] == seq
    for client in mine:
        told = wait_for_me(client, lambda p: p["type"] == "read")
        assert (told["roomId"], told["read"]) == (room, seq)


def test_watch_tells_of_own_rooms_and_of_those_on_the_page_only(person, connect):
    ann, ben = person("ann"), person("ben")
    # More rooms than the answer to watch lists: so those of ben are not among them.
    mine = connect(ann)
    own = ann.create_room("Own")
    named, other = ben.create_room("On the page"), ben.create_room("Elsewhere")
    for number in range(101):
        ben.say(ben.create_room(f"Newer {number}"), "hello")
    answer = mine.call("watch", rooms=[named])
    assert answer["ok"] and not {named, other} & {r["roomId"] for r in answer["rooms"]}
    for room in (other, named):
        ben.say(room, "hello")
    ann.say(own, "hello")

    def told(heard):
        return {r["roomId"]: r["seq"] for e, p in heard if e == "rooms" for r in p["rooms"]}

    mine.wait_for(lambda heard: told(heard).get(named) == 1 and told(heard).get(own) == 1)
    assert other not in told(mine.heard)
    # A room that it comes to belong to is told of from then on.
    ben.request("PUT", f"/api/rooms/{other}/members/{ann.user_id}")
    wait_for_me(mine, lambda p: p.get("membership", {}).get("roomId") == other)
    ben.say(other, "welcome")
    mine.wait_for(lambda heard: told(heard).get(other) == 2)


def test_nobody_hears_who_belongs_to_a_private_room_by_watching_it(person, connect):
    ann, ben, eve = person("ann"), person("ben"), person("eve")
    room = ann.create_room(private=True)
    path = f"/api/rooms/{room}/members/{ben.user_id}"
    ann.request("PUT", path)
    theirs, stranger = connect(ben), connect(eve)
    for client in (theirs, stranger):
        assert client.call("watch", rooms=[room])["ok"]
    rename(ann, displayName="Ann one")
    assert theirs.wait_for_event("person")["person"]["displayName"] == "Ann one"
    # Nor who belonged to it.
    assert ann.request("DELETE", path).status_code == 204
    wait_for_me(theirs, lambda p: p.get("roomId") == room and p.get("gone") is True)
    theirs.heard.clear()
    assert theirs.call("watch", rooms=[room])["ok"]
    rename(ann, displayName="Ann two")
    settle_me(theirs, stranger)
    assert not [p for client in (theirs, stranger) for e, p in client.heard if e == "person"]


def test_who_is_banned_from_a_private_room_of_others_hears_nothing_of_it(person, connect):
    ann, eve = person("ann"), person("eve")
    room = ann.create_room(private=True)
    stranger = connect(eve)
    assert ann.request("PUT", f"/api/rooms/{room}/bans/{eve.user_id}").status_code == 204
    settle_me(stranger)
    assert not me_of(stranger, room)


@pytest.mark.parametrize("is_member", [True, False])
def test_who_is_banned_from_an_open_room_hears_nothing_of_it_in_the_list_of_rooms(
    person, connect, is_member
):
    ann, ben = person("ann"), person("ben")
    room, other = ann.create_room("Left out"), ann.create_room("Hall")
    theirs = connect(ben)
    if is_member:
        ann.request("PUT", f"/api/rooms/{room}/members/{ben.user_id}")
    assert room in {r["roomId"] for r in theirs.call("watch", rooms=[room])["rooms"]}
    assert ann.request("PUT", f"/api/rooms/{room}/bans/{ben.user_id}").status_code == 204
    settle_me(theirs)
    banned = [p.get("banned") for p in me_of(theirs, room) if p.get("gone")]
    assert banned == [True] * is_member

    def told(heard):
        return {r["roomId"]: r["seq"] for e, p in heard if e == "rooms" for r in p["rooms"]}

    # The list that is asked for anew has it neither, also where it is named.
    for seq, anew in enumerate((False, True), 1):
        if anew:
            answer = theirs.call("watch", rooms=[room])
            assert answer["ok"] and room not in {r["roomId"] for r in answer["rooms"]}
        theirs.heard.clear()
        for each in (room, other):
            ann.say(each, "hello")
        theirs.wait_for(lambda heard, seq=seq: told(heard).get(other) == seq)
        assert told(theirs.heard).get(room, 0) == 0
    page = ben.request("GET", "/api/rooms?limit=200").json()["rooms"]
    assert room not in {r["roomId"] for r in page} and other in {r["roomId"] for r in page}
    assert ann.request("DELETE", f"/api/rooms/{room}/bans/{ben.user_id}").status_code == 204
    assert room in {r["roomId"] for r in theirs.call("watch")["rooms"]}
