"""Clients cannot send as the server, as another person, or into rooms not joined."""

import pytest

from tests.live.client import settle

FORGED = {
    "type": "ENTER",
    "sender": "admin",
    "senderId": "u0123456789abcdef",
    "n": 1000,
    "userCount": 1000,
    "seq": 1,
    "sentAt": 0,
    "reason": "left",
    "ref": 1,
    "epoch": "x",
}
#: What only the server says, what the library itself reacts to, and what nobody has heard of.
NO_CALLS = (
    *("connect", "disconnect", "connect_error", "reconnect", "*", "error"),
    *("ENTER", "QUIT", "CLOSE", "TALK", "notice", "rooms", "kick", "enter", "end"),
    *("Message", "message ", "messages", "malformed", "__class__", "", "한글", "a" * 10_000),
)


@pytest.fixture
def scene(maru, pair):
    """A room of their own for two who are on two workers."""
    one, other = pair
    room = one.api.create_room()
    one.join(room)
    other.join(room)
    settle(room, one, other)
    one.forget()
    other.forget()
    yield room, one, other
    one.api.delete_room(room)


@pytest.mark.parametrize("kind", ["ENTER", "QUIT", "CLOSE", "EDIT", "DELETE", "REACT", "NOTICE"])
def test_what_the_server_owns_is_the_servers(scene, kind):
    room, liar, witness = scene
    said = liar.say(room, "I am the server", **{**FORGED, "type": kind})
    heard = witness.wait_for_message(message="I am the server")
    assert heard == {
        "type": "TALK",
        "roomId": room,
        "sender": liar.name,
        "senderId": liar.api.user_id,
        "n": 2,
        "message": "I am the server",
        "userCount": 2,
        "seq": said["seq"],
        "sentAt": said["sentAt"],
    }
    assert said["seq"] == 2 and said["sentAt"] > 1_700_000_000_000
    settle(room, liar, witness)
    assert witness.told() == [("TALK", liar.name, 2)]
    # The room is as open as before, for both.
    assert witness.say(room, "good try")["userCount"] == 2


@pytest.mark.parametrize("event", NO_CALLS)
def test_other_events_do_nothing(scene, event):
    room, liar, witness = scene
    answer = liar.call(event, roomId=room, message="boo", **FORGED)
    assert answer["ok"] is False and answer["error"]["code"] == "invalid"
    settle(room, liar, witness)
    assert witness.messages() == []
    assert [event for event, _ in liar.heard + witness.heard] == ["message", "message"]
    assert liar.say(room, "still here")["userCount"] == 2


def test_joining_and_leaving_is_done_for_oneself_alone(scene):
    room, liar, witness = scene
    liar.call("leave", roomId=room, sender=witness.name, name=witness.name, connection="x")
    gone = witness.wait_for_message(type="QUIT")
    assert (gone["sender"], gone["userCount"]) == (liar.name, 1)
    liar.call("join", roomId=room, sender="admin", name="admin", users=["a", "b"], userCount=9)
    came = witness.wait_for_message(type="ENTER")
    assert (came["sender"], came["userCount"]) == (liar.name, 2)


def test_who_is_not_in_a_room_cannot_speak_there(scene, person, connect):
    room, _, witness = scene
    outsider = connect(person("cho"))
    for event in ("message", "typing", "leave"):
        assert outsider.refusal(event, roomId=room, message="psst") == "not_joined"
    # Neither with the connection of somebody who is, nor of one's own other tab.
    tab = connect(outsider.api)
    tab.join(room)
    assert outsider.refusal("message", roomId=room, message="psst") == "not_joined"
    tab.leave(room)
    assert tab.refusal("message", roomId=room, message="psst") == "not_joined"
    settle(room, witness)
    assert witness.messages("TALK") == []
    assert "typing" not in [event for event, _ in witness.heard]


def test_a_private_room_does_not_exist_for_strangers(maru, person, apart):
    owner, friend, stranger = person("owner"), person("friend"), person("stranger")
    room = owner.create_room("Secret", private=True)
    owner.request("PUT", f"/api/rooms/{room}/members/{friend.name}")
    inside, invited, outside = apart(owner, friend, stranger)
    # The admin's word counts in the open rooms; what is said in private ones is not its business.
    [admin] = apart(maru.admin)
    inside.join(room)
    inside.say(room, "a secret")
    assert invited.join(room)["messages"][0]["message"] == "a secret"
    nowhere = outside.call("join", roomId="0" * 16)["error"]
    for client in (outside, admin):
        for event in ("join", "message", "history", "edit", "delete", "react"):
            fields = {"roomId": room, "message": "hm", "seq": 1, "emoji": "👍", "on": True}
            assert client.call(event, **fields)["error"] == nowhere
        for event in ("typing", "leave"):
            assert client.refusal(event, roomId=room) == "not_joined"
        assert room not in [listed["roomId"] for listed in client.call("watch")["rooms"]]
        assert client.api.request("GET", f"/api/rooms/{room}").status_code == 404
    settle(room, inside, invited)
    assert [m["message"] for m in inside.messages("TALK")] == ["a secret"]


def test_a_guest_may_do_nothing(own_maru):
    maru = own_maru(REGISTRATION="approval")
    owner = maru.admin
    guest = maru.register("guest")
    room = owner.create_room()
    inside = owner.connect()
    inside.join(room)
    with pytest.raises(Exception, match="forbidden"):
        guest.connect()
    assert guest.request("GET", "/api/rooms").status_code == 403
    path = f"/api/rooms/{room}/messages"
    assert guest.request("POST", path, json={"message": "hi"}).status_code == 403
    settle(room, inside)
    assert inside.messages("TALK") == []
    inside.close()


def test_others_words_cannot_be_changed(scene, person, apart):
    room, author, liar = scene
    seq = author.say(room, "my words")["seq"]
    settle(room, author, liar)
    liar.forget()
    change = {"roomId": room, "seq": seq}
    assert liar.refusal("edit", message="your words", sender=author.name, **change) == "forbidden"
    assert liar.refusal("delete", type="DELETE", **change) == "forbidden"
    settle(room, liar)
    assert liar.messages() == []
    assert author.api.history(room, after=seq - 1, limit=1)[0]["message"] == "my words"
