"""The HTTP API of search: whatever is asked for, only what one may read comes back."""

from datetime import date, timedelta

import pytest

import config
from chat.archive import schema
from chat.archive.database import Database
from chat.archive.follower import Follower
from tests.archive.conftest import catch_up
from tests.web.answers import refused

EPOCH, DAY = date(1970, 1, 1), timedelta(days=1)


@pytest.fixture
def settings(tmp_path, store_url):
    return {"DATA_DIR": str(tmp_path), "REDIS_URL": store_url}


@pytest.fixture
def app(app_with, settings):
    """With an archive, as a start makes it."""
    secrets = {"SECRET_KEY": "x" * 40, "JWT_SECRET_KEY": "y" * 40}
    schema.prepare(config.load({**settings, **secrets}), print)
    return app_with(**settings)


@pytest.fixture
def archive_all(store, tmp_path):
    """``archive_all()``: the follower comes by."""
    database = Database("", tmp_path, writes=True)

    def work():
        follower = Follower(store, database, 5000)
        follower.begin(is_new=False)
        catch_up(follower)

    yield work
    database.close()


def say(someone, room, *texts):
    return [someone.post(f"{room}/messages", json={"message": each}).json for each in texts]


def found(someone, q="", **more):
    answer = someone.get("/api/search", query_string={"q": q, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def texts(someone, q="", **more):
    return [hit["message"]["message"] for hit in found(someone, q, **more)["hits"]]


@pytest.mark.parametrize("archived", [True, False])
def test_a_hit(bora, hall, archive_all, archived):
    [said] = say(bora, hall, "내일 점심회의는 열두 시에 합니다")
    if archived:
        archive_all()
    answer = found(bora, "회의")
    [hit] = answer["hits"]
    room = bora.get(hall).json
    assert hit["room"] == {"roomId": room["roomId"], "name": "hall", "kind": "open"}
    assert hit["message"] == bora.get(f"{hall}/messages/{said['seq']}").json
    assert (hit["before"], hit["match"], hit["after"]) == (
        "내일 점심",
        "회의",
        "는 열두 시에 합니다",
    )
    assert answer["next"] is None


def test_an_excerpt_of_a_long_message(bora, hall):
    long = "가나다 " * 100 + "마지막 회의 " + "라마바 " * 100
    say(bora, hall, long)
    [hit] = found(bora, "회의")["hits"]
    assert hit["before"].startswith("…가나다 ") and hit["before"].endswith("마지막 ")
    assert hit["after"].startswith(" 라마바") and hit["after"].endswith("라마바…")
    assert len(hit["before"]) < 80 and len(hit["after"]) < 200
    [hit] = found(bora, "in:hall")["hits"]
    assert (hit["before"], hit["match"]) == ("", "") and hit["after"].startswith("가나다")


def test_pages(bora, hall, archive_all):
    say(bora, hall, *(f"word {number}" for number in range(5)))
    archive_all()
    say(bora, hall, *(f"word {number}" for number in range(5, 8)))
    first = found(bora, "word", limit=5)
    assert len(first["hits"]) == 5
    second = found(bora, "word", limit=5, cursor=first["next"])
    read = [hit["message"]["message"] for hit in first["hits"] + second["hits"]]
    assert read == [f"word {number}" for number in range(7, -1, -1)] and second["next"] is None


def test_parameters_beside_the_text(bora, bot, hall, attic):
    dan = bot("dan")
    [said] = say(bora, hall, "word of bora")
    say(dan, hall, "word of dan http://a.example")
    say(bora, attic, "word in attic")
    assert texts(bora, "word", **{"from": "dan"}) == ["word of dan http://a.example"]
    assert texts(bora, has="link") == ["word of dan http://a.example"]
    assert texts(bora, "word", roomId=attic.rpartition("/")[2]) == ["word in attic"]
    assert texts(bora, "word", until=said["sentAt"] + 1) == ["word of bora"]
    assert texts(bora, "word", since="2100-01-01") == texts(bora, has="file") == []
    assert len(texts(bora, "word", since="2020-01-01", until="2100-01-01")) == 3


def test_days_are_those_of_the_person(bora, hall):
    [said] = say(bora, hall, "word")
    for zone, hours in (("Pacific/Kiritimati", 14), ("Pacific/Midway", -11)):
        bora.patch("/api/me", json={"timeZone": zone})
        today = EPOCH + timedelta(milliseconds=said["sentAt"], hours=hours) // DAY * DAY
        tomorrow = today + DAY
        assert texts(bora, f"word after:{today}") == texts(bora, f"word before:{tomorrow}")
        assert texts(bora, f"word after:{tomorrow}") == texts(bora, f"word before:{today}") == []


def test_nobody_finds_what_is_not_for_them(bora, bot, hall, attic, archive_all):
    dan, guest = bot("dan"), bot("eve", "guest")
    say(bora, hall, "word in hall")
    say(bora, attic, "word in attic")
    for _ in range(2):
        assert sorted(texts(bora, "word")) == ["word in attic", "word in hall"]
        assert texts(dan, "word") == ["word in hall"]
        room_id = attic.rpartition("/")[2]
        assert refused(dan.get(f"/api/search?q=word&roomId={room_id}"), 404, "not_found")
        assert refused(dan.get(f"/api/search?q=word+in:{room_id}"), 404, "not_found")
        assert refused(dan.get("/api/search?q=word+in:attic"), 404, "not_found")
        assert refused(guest.get("/api/search?q=word"), 403, "forbidden")
        archive_all()
    bora.put(f"{hall}/bans/dan", json={})
    assert texts(dan, "word") == []
    assert refused(
        dan.get(f"/api/search?q=word&roomId={hall.rpartition('/')[2]}"), 403, "forbidden"
    )


def test_a_direct_room_is_called_as_in_the_list(bora, bot, store):
    dan = bot("dan")
    room = bora.post("/api/direct", json={"people": ["dan"]}).json
    say(bora, f"/api/rooms/{room['roomId']}", "word")
    dan.patch("/api/me", json={"displayName": "Dan the Man"})
    for someone, name in ((bora, "Dan the Man"), (dan, "bora")):
        [hit] = found(someone, "word")["hits"]
        assert (hit["room"]["name"], hit["room"]["kind"]) == (name, "direct")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=",
        "q=%20",
        "q=x",
        "q=%00%00",
        "q=before:soon",
        "q=word&limit=0",
        "q=word&limit=51",
        "q=word&limit=ten",
        "q=word&cursor=zzz",
        "q=word&since=soon",
        "q=word&until=-1",
        "q=word&has=wings",
        "q=" + "+".join(f"word{i}" for i in range(12)),
    ],
)
def test_what_is_no_search(bora, query):
    assert refused(bora.get(f"/api/search?{query}"), 400, "invalid")


def test_who_is_not_there(bora):
    for query in ("q=from:nobody", "q=in:nowhere", "q=word&from=nobody", "q=word&roomId=%2e%2e"):
        assert refused(bora.get(f"/api/search?{query}"), 404, "not_found")
    assert refused(bora.get("/api/search?q=" + "x" * 300), 413, "too_long")


STRANGE = [
    '"', '""', '"""', "'", "';--", "\\", "\\\\", "%", "%%", "_", "__", "*", "**", "(", "()",
    "NEAR(", "a NEAR b", "AND", "OR NOT", "^ab", "ab*", "folded:ab", "search MATCH", "{a}:b", "-ab",
    "+ab", "ab\ncd", "ab\tcd", "\u202eab", "a\u0300\u0301b", "\uff21\uff22",
    "\U0001f469\u200d\U0001f4bb", "\uac00", "\u3131", "\u1100\u1161", "\u11a7\u11a7",
    "\ufeff\ufeff", "$1", ":grams", ":before", "%(x)s", "{0}", "?1", 'in:"', 'from:"', "from:'",
    "in:%", "in:_", "in:*", "from:*", "x:y:z", "http://[", "/../..",
]  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE)
def test_every_sign_stands_for_itself(bora, hall, archive_all, strange):
    """Nothing in a query is syntax of a database: it finds itself, or is refused."""
    say(bora, hall, "nothing of that", f"before {strange} after" if strange.strip() else "other")
    for _ in range(2):
        answer = bora.get("/api/search", query_string={"q": strange})
        assert answer.status_code in (200, 400, 404), answer.data
        if answer.status_code == 200:
            assert "nothing of that" not in [
                hit["message"]["message"] for hit in answer.json["hits"]
            ]
        literal = bora.get("/api/search", query_string={"q": f'"{strange}"', "limit": "50"})
        if '"' not in strange and literal.status_code == 200:
            assert len(literal.json["hits"]) == 1
        archive_all()


def test_the_rate_is_that_of_reading(app_with, settings, token):
    client = app_with(**settings, READ_RATE="1").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('bora')}"
    statuses = [client.get("/api/search?q=x").status_code for _ in range(25)]
    assert statuses.count(429) >= 4 and 400 in statuses


def test_an_archive_that_is_away(app_with, token, tmp_path):
    client = app_with(DATA_DIR=str(tmp_path / "nowhere")).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('bora')}"
    assert refused(client.get("/api/search?q=word"), 503, "unavailable")
