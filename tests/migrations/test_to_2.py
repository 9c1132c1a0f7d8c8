"""What version 1 has stored is in version 2, each thing in its new shape."""

import json
import re

import pytest

from chat import keys
from chat.migrations.start import carry_over, version
from tests.migrated import FIXTURES, text_of

USER_ID = r"u[a-z0-9]{15}"
ACCOUNTS = {
    "보라": "admin", "Dan": "user", "소라": "user", "Mina.K": "admin", "waits": "guest",
    "user20261126": "user", "revoked": "user", "changed": "user",
}  # fmt: skip
#: The fixtures in which somebody could refuse invitations already.
LATER = [path for path in FIXTURES if "bc1ce27" not in path.name]


@pytest.fixture
def ask(store):
    """``ask("hgetall", "names")``: a command about a key, whose prefix is left out."""
    return lambda command, key, *more: text_of(getattr(store.redis, command)(f"maru:{key}", *more))


def entries(store, room_id):
    """Number -> entry of a room's stream."""
    found = store.redis.xrange(keys.stream(room_id))
    return {int(i.split(b"-")[1]): json.loads(fields[b"m"]) for i, fields in found}


def test_each_account_is_a_person(carried, ask):
    names, people = ask("hgetall", "names"), ask("smembers", "people")
    assert len(ACCOUNTS) == len(names) == len(people) == len(set(names.values()))
    assert names.keys() == {name.casefold() for name in ACCOUNTS}
    assert set(names.values()) == people and all(re.fullmatch(USER_ID, i) for i in people)
    for name, role in ACCOUNTS.items():
        person = ask("hgetall", f"person:{names[name.casefold()]}")
        assert (person["name"], person["role"], person["displayName"]) == (name, role, "")
        assert person["password"].startswith("$argon2id$") and int(person["createdAt"]) > 0
        assert person["generation"] == ("1" if name == "changed" else "0")
    assert ask("hgetall", "legacy") == names
    assert ask("get", "founder") == names["보라"]


def test_nothing_of_the_older_shape_is_left(carried, store):
    left = [key.decode() for key in store.redis.scan_iter(count=1000)]
    old = r"maru:(user:.*|users|owned|migrating|strangers|\{presence\}:occupied)"
    assert not [key for key in left if re.fullmatch(old, key)]
    assert not [key for key in left if re.search(r"\}:(conns|people|edits|\w+:2)$", key)]
    assert version(store) == 3


def test_rooms_know_their_owners_and_kinds(carried, ask):
    names = ask("hgetall", "names")
    for room, owner, kind in [
        ("square", "보라", "open"), ("private", "Dan", "private"), ("big", "Dan", "open"),
        ("encrypted", "소라", "private"), ("empty", "Mina.K", "open"),
    ]:  # fmt: skip
        found = ask("hgetall", f"room:{{{carried.rooms[room]}}}")
        assert (found["owner"], found["kind"]) == (owner, kind)
        assert found["ownerId"] == names[owner.casefold()]
        assert found["private"] == ("1" if kind == "private" else "0")
        assert (found["description"], found["archived"], found["userCount"]) == ("", "0", "0")
        owned = ask("smembers", f"person:{names[owner.casefold()]}:owned")
        assert carried.rooms[room] in owned


def test_members_are_records_and_each_has_a_list_of_rooms(carried, ask):
    names = ask("hgetall", "names")
    expected = {
        # Its owner, those who have spoken, and Mina, who was there.
        "square": {"보라", "Dan", "Mina.K", "user20261126"},
        "private": {"보라", "Dan", "소라"},
        "encrypted": {"Dan", "소라"},
        "big": {"Dan", "소라"},
        "empty": {"Mina.K"},
        "haunted": set(),
    }
    for room, members in expected.items():
        room_id = carried.rooms[room]
        found = ask("hgetall", f"room:{{{room_id}}}")
        assert ask("hgetall", f"room:{{{room_id}}}:members") == {
            names[name.casefold()]: f"{'owner' if name == found['owner'] else 'member'} 0 {name}"
            for name in members
        }
    for name in ACCOUNTS:
        rooms = ask("zrange", f"person:{names[name.casefold()]}:rooms", 0, -1)
        known = {room for room in expected if name in expected[room]}
        mine = {carried.rooms[room] for room in known}
        assert mine == set(rooms) - {carried.rooms.get("unwanted")}


def test_one_joined_when_the_room_was_made_since_nothing_else_is_known(carried, store):
    room_id = carried.rooms["private"]
    (dan,) = store.redis.hmget("maru:names", "dan")
    made = int(store.redis.hget(keys.room(room_id), "createdAt"))
    assert store.redis.zscore(b"maru:person:%b:rooms" % dan, room_id) == made


def test_messages_keep_their_numbers_and_get_ids_and_ordinals(carried, store, ask):
    names = ask("hgetall", "names")
    for room, before in carried.known["histories"].items():
        found = entries(store, carried.rooms[room])
        for message in before:
            seq = message.pop("seq")
            now = found[seq]
            # The fields are where the scripts write them.
            stored = list(now)
            assert stored[:3] == ["type", "userCount", "sentAt"]
            assert stored.index("senderId") == stored.index("sender") + 1
            assert (stored[3] == "n") == (message["type"] == "TALK")
            sender_id, _ = now.pop("senderId"), now.pop("n", None)
            assert now == message
            if message["sender"] != "Ghost":
                assert sender_id == names[message["sender"].casefold()]


def test_ordinals_count_deleted_messages_too(carried, store):
    found = entries(store, carried.rooms["square"])
    talks = {entry["message"]: entry["n"] for entry in found.values() if entry["type"] == "TALK"}
    first, second, third, fourth = talks.values()
    assert (first, second, third, fourth) == (1, 2, 4, 5)
    counted = store.redis.hmget(keys.room(carried.rooms["square"]), "said", "deleted")
    assert counted == [b"5", b"1"]


def test_ordinals_of_a_trimmed_room_end_with_the_number_of_messages(carried, store):
    room_id = carried.rooms["big"]
    found = entries(store, room_id)
    ordinals = [entry["n"] for entry in found.values() if entry["type"] == "TALK"]
    said = int(store.redis.hget(keys.room(room_id), "said"))
    deletions = [entry["ref"] for entry in found.values() if entry["type"] == "DELETE"]
    deleted = sum(ref >= min(found) for ref in deletions)
    assert len(found) > 1000 and min(found) > 1, "the room is to be one that was trimmed"
    assert ordinals == sorted(set(ordinals)) and ordinals[-1] == said
    assert said - ordinals[0] + 1 == len(ordinals) + deleted
    assert int(store.redis.hget(keys.room(room_id), "deleted")) == len(deletions)


def test_the_next_message_has_the_next_number(carried, store):
    for room_id in map(carried.rooms.get, ("square", "private", "big")):
        seq = int(store.redis.hget(keys.room(room_id), "seq"))
        told = store.redis.xinfo_stream(keys.stream(room_id))
        assert told["last-generated-id"] == b"0-%d" % seq
        assert store.redis.xadd(keys.stream(room_id), {"m": "{}"}, id="0-*") == b"0-%d" % (seq + 1)


def test_the_epoch_stays(older, store):
    before = store.redis.hget(keys.room(older.rooms["square"]), "epoch")
    carry_over(store, lambda line: None)
    assert store.redis.hget(keys.room(older.rooms["square"]), "epoch") == before


def test_a_stream_that_ends_with_holes_goes_on_behind_them(older, store):
    stream = keys.stream(older.rooms["private"])
    before = store.redis.xinfo_stream(stream)
    store.redis.xdel(stream, before["last-generated-id"])
    empty = keys.stream(older.rooms["encrypted"])
    for entry_id, _ in store.redis.xrange(empty):
        store.redis.xdel(empty, entry_id)
    was = [store.redis.xinfo_stream(key)["last-generated-id"] for key in (stream, empty)]
    carry_over(store, lambda line: None)
    assert [store.redis.xinfo_stream(k)["last-generated-id"] for k in (stream, empty)] == was
    assert store.redis.xlen(empty) == 0


def test_edits_and_reactions_are_noted_by_their_messages(carried, store, ask):
    room_id, names = carried.rooms["square"], ask("hgetall", "names")
    found = entries(store, room_id)
    edits = {seq: entry["ref"] for seq, entry in found.items() if entry["type"] == "EDIT"}
    assert list(edits.values()) == [2, 2]
    noted = store.redis.zrange(keys.edited(room_id), 0, -1, withscores=True)
    assert {int(seq): int(ref) for seq, ref in noted} == edits
    (ghost,) = {e["senderId"] for e in found.values() if e["sender"] == "Ghost"}
    assert ghost not in names.values() and re.fullmatch(USER_ID, ghost)
    reactions = [
        (1, "🎉", names["dan"]), (1, "👀", ghost),
        (2, "👍", names["보라"]), (2, "👍", names["소라"]),
    ]  # fmt: skip
    expected = set()
    for ref, emoji, user_id in reactions:
        place = f"{ref:016d}"
        expected |= {
            f"{place}p{user_id}\0{emoji}",
            f"{place}e{emoji}\0{user_id}",
            f"{place}d{emoji}",
        }
    assert set(ask("zrange", f"room:{{{room_id}}}:reactions", 0, -1)) == expected


def test_a_message_that_is_sent_again_is_still_known(carried, store, ask):
    room_id, names = carried.rooms["square"], ask("hgetall", "names")
    for name, client_id, seq in [("보라", "client-1", "1"), ("dan", "client-2", "2")]:
        sent = f"room:{{{room_id}}}:sent:{names[name]}:{client_id}"
        assert ask("get", sent).split(" ")[0] == seq
        assert 0 < store.redis.pttl(f"maru:{sent}") <= 600_000
    assert not list(store.redis.scan_iter("maru:*:sent:dan:*"))


def test_a_deleted_room_stays_deleted(carried, ask, store):
    room_id = carried.rooms["deleted"]
    closing = json.loads(ask("get", f"room:{{{room_id}}}:closed"))
    assert (closing["type"], closing["sender"]) == ("CLOSE", "Mina.K")
    assert closing["senderId"] == ask("hgetall", "names")["mina.k"]
    assert store.redis.ttl(keys.closed(room_id)) > 0
    assert not store.redis.exists(keys.room(room_id))


@pytest.mark.parametrize("older", LATER, indirect=True)
def test_who_refuses_whom_and_who_was_let_in_by_whom(carried, ask):
    names = ask("hgetall", "names")
    unwanted = carried.rooms["unwanted"]
    assert ask("smembers", f"person:{names['소라']}:refused") == {names["mina.k"]}
    assert ask("hgetall", f"person:{names['보라']}:inviters")[unwanted] == names["mina.k"]
    members = ask("hgetall", f"room:{{{unwanted}}}:members")
    assert members == {names["보라"]: "member 0 보라", names["mina.k"]: "owner 0 Mina.K"}
    assert any(":places" in key for key in ask("keys", "person:*"))


def test_what_was_revoked_or_limited_stays_so(older, store):
    kept = [*store.redis.scan_iter("maru:revoked:*"), *store.redis.scan_iter("maru:rate:*")]
    assert any(b"revoked" in key for key in kept)
    carry_over(store, lambda line: None)
    assert all(store.redis.exists(key) for key in kept if b"revoked" in key)
