"""A message in a room reaches every member, on every worker, once and in the same order."""

import threading
import uuid

from tests.live.client import settle
from tests.waiting import eventually


def test_everybody_hears_it_once_whatever_worker_they_are_on(maru, person, apart):
    room = person("owner").create_room()
    clients = apart(*(person(name) for name in ("ann", "ben", "cho", "dan")))
    assert len({maru.worker_of(client) for client in clients}) == 2
    for client in clients:
        client.join(room)
    for client in clients:
        client.say(room, f"{client.name} says hello")
    settle(room, *clients)
    for client in clients:
        assert [m["message"] for m in client.messages("TALK")] == [
            f"{c.name} says hello" for c in clients
        ]


def test_senders_on_all_workers_at_once_are_heard_in_one_order_by_all(person, apart):
    owner = person("owner")
    room = owner.create_room()
    clients = apart(*(person("p") for _ in range(6)))
    for client in clients:
        client.join(room)
    spoken = {}

    def speak(client):
        spoken[client.name] = [client.say(room, f"{client.name} {i}")["seq"] for i in range(30)]

    talkers = [threading.Thread(target=speak, args=[client]) for client in clients]
    for talker in talkers:
        talker.start()
    for talker in talkers:
        talker.join(60)
    settle(room, *clients)

    stored = [m for m in owner.history(room) if m["type"] == "TALK"][:180]
    assert [m["seq"] for m in stored] == list(range(1, 181))
    for client in clients:
        assert client.messages("TALK") == stored
        # Acknowledged with the numbers under which all hear them, each person's in its own order.
        own = [m for m in stored if m["sender"] == client.name]
        assert [m["seq"] for m in own] == spoken[client.name]
        assert [m["message"] for m in own] == [f"{client.name} {i}" for i in range(30)]


def test_who_joins_hears_its_own_coming_with_the_count(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    other.join(room)
    settle(room, one, other)
    assert one.told() == [("ENTER", ann.name, 1), ("ENTER", ben.name, 2)]
    assert other.told() == [("ENTER", ben.name, 2)]
    entered = other.messages()[0]
    assert entered["message"] == f"{ben.name}님이 방에 입장했습니다."
    assert entered["senderId"] == ben.user_id
    fields = {"type", "roomId", "sender", "senderId", "message", "userCount", "sentAt"}
    assert entered.keys() == fields


def test_the_count_is_on_every_message(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    assert one.say(room, "alone")["userCount"] == 1
    other.join(room)
    assert one.say(room, "together")["userCount"] == 2
    other.leave(room)
    assert one.say(room, "alone again")["userCount"] == 1
    settle(room, one)
    assert one.told() == [
        ("ENTER", ann.name, 1),
        ("TALK", ann.name, 1),
        ("ENTER", ben.name, 2),
        ("TALK", ann.name, 2),
        ("QUIT", ben.name, 1),
        ("TALK", ann.name, 1),
    ]
    assert one.messages("QUIT")[0]["reason"] == "left"


def test_who_has_left_hears_nothing_more(person, apart):
    ann, ben = person("ann"), person("ben")
    room, elsewhere = ann.create_room(), ann.create_room()
    one, other = apart(ann, ben)
    for client in (one, other):
        client.join(room)
        client.join(elsewhere)
    settle(room, one, other)
    settle(elsewhere, other)
    assert other.leave(room)["userCount"] == 1
    other.forget()
    one.say(room, "is he gone?")
    one.wait_for_message(message="is he gone?")
    # On one connection nothing overtakes: were the message on its way, it would be here first.
    settle(elsewhere, other)
    assert other.messages() == []
    assert other.refusal("message", roomId=room, message="no") == "not_joined"
    assert other.refusal("leave", roomId=room) == "not_joined"


def test_one_connection_may_be_in_many_rooms(person, apart):
    ann, ben = person("ann"), person("ben")
    rooms = [ann.create_room(f"Room {i}") for i in range(20)]
    one, other = apart(ann, ben)
    for room in rooms:
        one.join(room)
        other.join(room)
    for room in rooms:
        other.say(room, f"in {room}")
    for room in rooms:
        assert one.wait_for_message(roomId=room, type="TALK")["message"] == f"in {room}"


def test_a_room_made_anywhere_is_listed_and_joined_everywhere(maru, person, connect):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room("Everywhere")
    for worker in maru.workers():
        client = connect(ben, worker=worker)
        assert room in [listed["roomId"] for listed in client.call("watch")["rooms"]]
        assert client.join(room)["room"]["name"] == "Everywhere"
    # Whichever worker answers: as many questions as make it likely that each has been asked.
    for _ in range(12):
        listed = ben.request("GET", "/api/rooms").json()["rooms"]
        assert listed[0]["roomId"] == room


def test_the_same_client_id_is_one_message(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    other.join(room)
    name = str(uuid.uuid4())
    first = one.say(room, "once", clientId=name)
    assert one.say(room, "once", clientId=name) == first
    # Over another connection, as after a reconnect, and another worker.
    [_, again] = apart(ann, ann)
    again.join(room)
    assert again.say(room, "once", clientId=name) == first
    # A clientId is the sender's own: somebody else's is another message.
    assert other.say(room, "mine", clientId=name)["seq"] == first["seq"] + 1
    settle(room, one, other)
    assert [m["message"] for m in other.messages("TALK")] == ["once", "mine"]
    assert [m["clientId"] for m in other.messages("TALK")] == [name, name]
    assert len(ann.history(room)) == 3


def test_calls_of_one_connection_are_carried_out_in_the_order_sent(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    other.join(room)
    answers = []
    done = threading.Event()

    def answered(answer):
        answers.append(answer)
        if len(answers) == 60:
            done.set()

    # None of these waits for the answer to the one before.
    for i in range(20):
        for event in ("join", "message", "leave"):
            call = {"token": ann.token, "roomId": room, "message": f"{i}"}
            one.io.emit(event, call, callback=answered)
    assert done.wait(30), answers
    assert all(answer["ok"] for answer in answers), answers
    settle(room, other)
    spoken = [m["message"] for m in other.messages("TALK")]
    assert spoken == [str(i) for i in range(20)]
    kinds = [m["type"] for m in other.messages(sender=ann.name)]
    assert kinds == ["ENTER", "TALK", "QUIT"] * 20


def test_a_closed_room_says_so_and_is_silent_and_gone(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    other.join(room)
    one.say(room, "last words")
    ann.delete_room(room)
    for client in (one, other):
        closing = client.wait_for_message(type="CLOSE")
        assert (closing["roomId"], closing["seq"], closing["userCount"]) == (room, 2, 2)
    for event in ("join", "message", "history"):
        assert one.refusal(event, roomId=room, message="anybody?") == "not_found"
    assert one.refusal("leave", roomId=room) == "not_joined"
    assert ann.request("GET", f"/api/rooms/{room}").status_code == 404
    assert ben.request("GET", f"/api/rooms/{room}/messages").status_code == 404
    # Both are still connected, and what they hear in another room is the next thing they hear.
    elsewhere = ann.create_room()
    one.join(elsewhere)
    other.join(elsewhere)
    settle(elsewhere, one, other)
    for client in (one, other):
        assert client.messages()[-1]["type"] == "ENTER"
        assert client.messages(roomId=room)[-1]["type"] == "CLOSE"


def test_what_a_program_says_over_http_is_heard_by_all(person, apart):
    ann, bot = person("ann"), person("bot")
    room = ann.create_room()
    clients = apart(ann, ann)
    for client in clients:
        client.join(room)
    said = bot.say(room, "deployed")
    for client in clients:
        heard = client.wait_for_message(message="deployed")
        assert (heard["sender"], heard["seq"]) == (bot.name, said["seq"])
        assert heard["sentAt"] == said["sentAt"]
    # A bot is not in the room for having spoken.
    assert said["userCount"] == 1
    assert list(ann.present(room)) == [ann.name]


def test_typing_is_told_to_those_in_the_room(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    assert other.refusal("typing", roomId=room) == "not_joined"
    other.join(room)
    assert other.call("typing", roomId=room) == {"ok": True}
    told = one.wait_for_event("typing")
    assert told == {"roomId": room, "sender": ben.name, "senderId": ben.user_id}
    assert ann.history(room) == []


def test_the_list_of_rooms_is_live(person, apart):
    ann, ben = person("ann"), person("ben")
    one, other = apart(ann, ben)
    room = ben.create_room("Fresh")
    secret = ben.create_room("Secret", private=True)
    assert one.call("watch")["ok"]
    ben.say(room, "hello")
    entry = {"roomId": room, "name": "Fresh"}
    _wait_for_entry(one, **entry, userCount=0, seq=1)
    other.join(room)
    other.join(secret)
    other.say(room, "hello")
    _wait_for_entry(one, **entry, userCount=1, seq=2)
    other.vanish()
    _wait_for_entry(one, **entry, userCount=0, seq=2)
    ben.request("PATCH", f"/api/rooms/{room}", json={"name": "Older"})
    _wait_for_entry(one, roomId=room, name="Older")
    ben.delete_room(room)
    _wait_for_entry(one, roomId=room, closed=True)
    shown = [entry for event, told in one.heard if event == "rooms" for entry in told["rooms"]]
    assert secret not in [entry["roomId"] for entry in shown]
    eventually(lambda: room not in [r["roomId"] for r in one.call("watch")["rooms"]])


def _wait_for_entry(client, **fields):
    client.wait_for(
        lambda heard: any(
            fields.items() <= entry.items()
            for event, told in heard
            if event == "rooms"
            for entry in told["rooms"]
        )
    )
