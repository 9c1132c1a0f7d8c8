"""A whole Maru on what an earlier one has stored: nobody notices but by what is new."""

import pytest
import redis
import requests

from chat import keys
from chat.store.embedded import EmbeddedStore
from tests.live import archives
from tests.live.cluster import PASSWORD, Api, Maru
from tests.migrated import FIXTURES, Stored
from tests.waiting import eventually


@pytest.fixture(params=FIXTURES, ids=lambda path: path.name.split(".")[0], scope="module")
def both(request, tmp_path_factory):
    """What was stored, and the Maru that has been started on it."""
    stored = Stored(request.param)
    maru = Maru(tmp_path_factory.mktemp("older"))
    kept = EmbeddedStore(maru.data)
    kept.start()
    client = redis.Redis.from_url(maru.store_url)
    stored.restore(client)
    client.close()
    kept.stop()
    stored.write_secrets(maru.data)
    try:
        yield stored, maru.start(has_accounts=True)
    finally:
        maru.stop()
    assert maru.trouble() == [], maru.log.read_text("utf-8", "replace")[-10_000:]


@pytest.fixture
def stored(both):
    return both[0]


@pytest.fixture
def older(both):
    """The Maru on the older store."""
    return both[1]


def get(maru, path, token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(maru.url + path, headers=headers, timeout=30)


def page(maru, path, cookie):
    cookies = {"maru_session": cookie}
    return requests.get(maru.url + path, cookies=cookies, allow_redirects=False, timeout=30)


def refreshed(maru, token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(maru.url + "/api/token/refresh", headers=headers, timeout=30)


@pytest.mark.parametrize("name", ["보라", "dan", "DAN", "소라", "Mina.K", "user20261126"])
def test_the_old_password_is_right(older, name):
    assert Api(older, name).token


def test_a_changed_password_is_the_new_one(older):
    for password, status in [(PASSWORD, 401), ("another horse", 200)]:
        body = {"name": "changed", "password": password}
        answer = requests.post(older.url + "/api/token", json=body, timeout=30)
        assert answer.status_code == status, answer.text


def test_roles_are_as_before(older):
    body = {"name": "waits", "password": PASSWORD}
    token = requests.post(older.url + "/api/token", json=body, timeout=30).json()["accessToken"]
    assert get(older, "/api/rooms", token).status_code == 403
    Api(older, "보라").delete_room(Api(older, "Dan").create_room())


def test_a_newcomer_is_neither_the_first_nor_somebody_else(older):
    answers = {}
    for name in ("newcomer", "DAN", "소라"):
        body = {"name": name, "password": PASSWORD}
        answers[name] = requests.post(older.url + "/api/register", json=body, timeout=30)
    assert answers["newcomer"].json()["role"] == "user"
    assert [answers[name].status_code for name in ("DAN", "소라")] == [409, 409]


@pytest.mark.parametrize("whose", ["bora", "dan", "plain"])
def test_an_old_refresh_token_is_good(older, stored, whose):
    answer = refreshed(older, stored.token(whose))
    assert answer.status_code == 200, answer.text
    assert get(older, "/api/rooms", answer.json()["accessToken"]).status_code == 200


def test_an_old_access_token_is_good_on_a_socket_too(older, stored):
    dan = Api(older, "Dan")
    dan.token = stored.token("access")
    client = dan.connect()
    client.join(stored.rooms["private"])
    client.close()


@pytest.mark.parametrize("whose", ["revoked", "before the change"])
def test_a_token_that_had_ended_stays_ended(older, stored, whose):
    answer = refreshed(older, stored.token(whose))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_revoked")


def test_an_old_cookie_is_good(older, stored):
    rooms = page(older, "/rooms", stored.cookie("dan"))
    assert rooms.status_code == 200 and "광장" in rooms.text
    room = page(older, f"/rooms/{stored.rooms['square']}", stored.cookie("dan"))
    assert "Hello there, edited twice" in room.text


def test_an_old_cookie_of_a_login_that_has_ended_is_not(older, stored):
    assert page(older, "/rooms", stored.cookie("logged out")).status_code == 302


def id_of(maru, name):
    store = redis.Redis.from_url(maru.store_url)
    return store.hget("maru:names", name.casefold()).decode()


def as_read(messages):
    """What a page of messages showed: number, sender and text of each that is left."""
    texts = {m["seq"]: m["message"] for m in messages if m["type"] == "TALK"}
    senders = {m["seq"]: m["sender"] for m in messages if m["type"] == "TALK"}
    reactions: dict = {seq: {} for seq in texts}
    for m in messages:
        if m["type"] == "EDIT" and m["ref"] in texts:
            texts[m["ref"]] = m["message"]
        elif m["type"] == "REACT" and m["ref"] in texts:
            people = reactions[m["ref"]].setdefault(m["emoji"], set())
            (people.add if m["on"] else people.discard)(m["sender"])
    return {
        seq: (senders[seq], text, {e: p for e, p in reactions[seq].items() if p})
        for seq, text in texts.items()
    }


@pytest.mark.parametrize("room", ["square", "private", "encrypted", "haunted"])
def test_history_reads_as_before(older, stored, room):
    reader = Api(older, "Dan" if room in ("private", "encrypted") else "보라")
    people = {id_of(older, name): name for name in ("보라", "Dan", "소라", "Mina.K")}
    found = {}
    for message in reader.history(stored.rooms[room]):
        given = {
            emoji: {people.get(user_id, "Ghost") for user_id in user_ids}
            for emoji, user_ids in message.get("reactions", {}).items()
        }
        found[message["seq"]] = (message["sender"], message["message"], given)
    before = as_read(stored.known["histories"][room])
    assert {seq: found[seq] for seq in before} == before


def test_who_comes_back_goes_on_from_the_last_number(older, stored):
    bora = Api(older, "보라")
    room = bora.request("GET", f"/api/rooms/{stored.rooms['square']}").json()
    store = redis.Redis.from_url(older.store_url)
    epoch = store.hget(keys.room(stored.rooms["square"]), "epoch").decode()
    client = bora.connect()
    answer = client.join(stored.rooms["square"], since=room["seq"] - 2, epoch=epoch)
    assert answer.get("reset") is not True
    assert [m["seq"] for m in answer["messages"]] == [room["seq"] - 1, room["seq"]]
    client.close()


def test_a_message_that_is_sent_again_is_not_doubled(older, stored):
    bora, room_id = Api(older, "보라"), stored.rooms["square"]
    again = bora.request(
        "POST",
        f"/api/rooms/{room_id}/messages",
        json={"message": "처음 뵙겠습니다", "clientId": "client-1"},
    )
    assert again.json()["seq"] == 1


def test_old_messages_can_be_changed_by_their_senders_alone(older, stored):
    room_id, sora, dan = stored.rooms["big"], Api(older, "소라"), Api(older, "Dan")
    # One that is older than all that other tests compare with what was shown before.
    first = min(as_read(stored.known["histories"]["big"]))
    older_still = sora.history(room_id, before=first)
    seq = next(m["seq"] for m in older_still if m["sender"] == "소라")
    path = f"/api/rooms/{room_id}/messages/{seq}"
    assert dan.request("PATCH", path, json={"message": "!"}).status_code == 403
    assert sora.request("PATCH", path, json={"message": "바꿨어요"}).status_code == 200
    assert sora.history(room_id, after=seq - 1, limit=1)[0]["message"] == "바꿨어요"


def test_private_rooms_let_in_whom_they_let_in_before(older, stored):
    path = f"/api/rooms/{stored.rooms['private']}"
    statuses = {
        name: Api(older, name).request("GET", path).status_code
        for name in ("Dan", "보라", "소라", "Mina.K", "user20261126")
    }
    assert statuses == {"Dan": 200, "보라": 200, "소라": 200, "Mina.K": 404, "user20261126": 404}


def test_everybody_finds_their_own_rooms(older, stored):
    """Those where they spoke or were present, and those that let them in."""
    mina = Api(older, "Mina.K").request("GET", "/api/me/rooms")
    assert mina.status_code == 200, mina.text
    found = {room["roomId"] for room in mina.json()["rooms"]}
    assert {stored.rooms["square"], stored.rooms["empty"]} <= found
    assert stored.rooms["private"] not in found


def test_nobody_is_present_who_is_not(older, stored):
    """Mina was, on a worker that was killed."""
    assert "Mina.K" not in Api(older, "Dan").present(stored.rooms["square"])


def test_a_deleted_room_stays_deleted(older, stored):
    dan = Api(older, "Dan")
    assert dan.request("GET", f"/api/rooms/{stored.rooms['deleted']}").status_code == 404


def test_new_messages_get_higher_numbers(older, stored):
    dan, room_id = Api(older, "Dan"), stored.rooms["big"]
    before = dan.request("GET", f"/api/rooms/{room_id}").json()
    said = dan.say(room_id, "여기까지")
    after = dan.request("GET", f"/api/rooms/{room_id}").json()
    assert said["seq"] > before["seq"]
    assert (after["said"], after["talks"]) == (before["said"] + 1, before["talks"] + 1)


def test_what_the_older_one_has_kept_is_archived(stored, older):
    """Its streams are longer than the store keeps them in memory now."""
    eventually(lambda: archives.is_caught_up(older), 60)
    for name, messages in stored.known["histories"].items():
        found = archives.messages(older, stored.rooms[name])
        before = {seq: text for seq, (_, text, _) in as_read(messages).items()}
        assert {seq: found.get(seq) for seq in before} == before, name
    assert len(archives.messages(older, stored.rooms["big"])) > 1000
