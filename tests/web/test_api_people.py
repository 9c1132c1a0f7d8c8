"""The HTTP API of oneself and of other people."""

import pytest

from chat import account_state, people, profile
from tests.conftest import PASSWORD
from tests.web.answers import refused


def test_oneself(bora, store):
    me = people.find_by_name(store, "bora")
    assert bora.get("/api/me").json == {**me.wire(), "language": None}


def test_changing_oneself(bora, store):
    user_id = people.find_by_name(store, "bora").user_id
    wanted = {
        "name": "Sora", "displayName": "남소라", "status": "휴가", "timeZone": "Asia/Seoul",
        "language": "ko",
    }  # fmt: skip
    answer = bora.patch("/api/me", json=wanted)
    assert (answer.status_code, answer.json) == (
        200, {"userId": user_id, "role": "user", **wanted},
    )  # fmt: skip
    assert bora.get("/api/me").json == answer.json
    assert bora.get("/api/people/sora").json["displayName"] == "남소라"
    taken_back = bora.patch("/api/me", json={"displayName": "", "status": None, "language": None})
    assert taken_back.json == {
        "userId": user_id, "name": "Sora", "displayName": "Sora", "role": "user",
        "timeZone": "Asia/Seoul", "language": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"name": "dan"}, 409, "conflict"), ({"name": "x"}, 400, "invalid"),
        ({"name": None}, 400, "invalid"), ({"name": "x" * 33}, 413, "too_long"),
        ({"displayName": "x" * 65}, 413, "too_long"), ({"displayName": "\u202ex"}, 400, "invalid"),
        ({"status": 7}, 400, "invalid"), ({"timeZone": "Mars"}, 400, "invalid"),
        ({"language": "xx"}, 400, "invalid"), ([], 400, "invalid"),
        ({"displayName": "Bora", "name": "d0n\0"}, 400, "invalid"),
    ],
)  # fmt: skip
def test_changes_that_are_refused_change_nothing(bora, register, wanted, status, code):
    register("dan")
    before = bora.get("/api/me").json
    assert refused(bora.patch("/api/me", json=wanted), status, code)
    assert bora.get("/api/me").json == before


def test_nobody_makes_himself_an_admin(bora):
    assert bora.patch("/api/me", json={"role": "admin", "userId": "u0", "x": 1}).status_code == 200
    assert bora.get("/api/me").json["role"] == "user"


def test_a_page_changes_it_with_its_csrf_token_only(login):
    client = login("bora")
    assert client.patch("/api/me", json={"status": "x"}).status_code == 400
    token = client.get("/settings").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = client.patch("/api/me", json={"status": "x"}, headers={"X-CSRFToken": token})
    assert answer.json["status"] == "x"


def test_tokens_and_logins_stay_when_the_name_changes(bora, login, client):
    page = login("bora")
    bora.patch("/api/me", json={"name": "sora"})
    assert bora.get("/api/rooms").status_code == page.get("/rooms").status_code == 200
    assert page.get("/api/token").json["name"] == "sora"
    for name, status in (("bora", 401), ("sora", 200)):
        body = {"name": name, "password": PASSWORD}
        assert client.post("/api/token", json=body).status_code == status


def test_a_token_is_nothing_to_who_takes_the_name_later(bora, bot, store):
    bora.patch("/api/me", json={"name": "sora"})
    store.redis.delete("maru:former")
    dan = bot("dan")
    assert dan.patch("/api/me", json={"name": "bora"}).status_code == 200
    assert bora.get("/api/me").json["name"] == "sora"
    assert dan.get("/api/me").json["name"] == "bora"


def test_people(bora, bot, register, store):
    for name in ("nora", "남보라"):
        register(name)
    account_state.deactivate(store, register("dora").user_id)
    found = bora.get("/api/people?q=ora").json
    assert {person["name"] for person in found["people"]} == {"bora", "nora"}
    assert found["next"] is None
    assert [person["name"] for person in bora.get("/api/people?q=ㄴㅂ").json["people"]] == [
        "남보라"
    ]
    first = bora.get("/api/people?limit=2").json
    rest = bora.get(f"/api/people?limit=2&cursor={first['next']}").json
    names = [person["name"] for person in (*first["people"], *rest["people"])]
    assert (names, rest["next"]) == (["bora", "nora", "남보라"], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=!", "cursor=zzz"])
def test_people_refused(bora, query):
    assert refused(bora.get(f"/api/people?{query}"), 400, "invalid")


def test_somebody(bora, register, store):
    dan = register("dan")
    for given in ("dan", "DAN", dan.user_id):
        assert bora.get(f"/api/people/{given}").json == dan.wire()
    for given in ("nobody", "u0123456789abcde", "%00"):
        assert refused(bora.get(f"/api/people/{given}"), 404, "not_found")
    account_state.deactivate(store, "dan")
    assert bora.get("/api/people/dan").json == {**dan.wire(), "deactivated": True}
    account_state.delete(store, "dan")
    assert refused(bora.get("/api/people/dan"), 404, "not_found")
    gone = bora.get(f"/api/people/{dan.user_id}").json
    assert gone == {**dan.wire(), "role": "guest", "deactivated": True, "deleted": True}


def test_guests_see_themselves_and_nobody_else(bot, register):
    register("dan")
    guest = bot("gast", role="guest")
    assert guest.get("/api/me").json["role"] == "guest"
    assert guest.patch("/api/me", json={"status": "here"}).json["status"] == "here"
    for path in ("/api/people", "/api/people/dan", "/api/me/rooms"):
        assert refused(guest.get(path), 403, "forbidden")


@pytest.mark.parametrize("path", ["/api/me", "/api/people", "/api/people/dan"])
def test_people_are_not_for_strangers(client, path):
    assert refused(client.get(path), 401, "unauthorized")
    if path == "/api/me":
        assert refused(client.patch(path, json={}), 401, "unauthorized")


def test_a_name_can_be_changed_so_often_and_not_more(app_with, register):
    register("bora")
    client = app_with(LOGIN_RATE="2").test_client()
    token = client.post("/api/token", json={"name": "bora", "password": PASSWORD}).json
    headers = {"Authorization": f"Bearer {token['accessToken']}"}
    answers = [
        client.patch("/api/me", json={"name": f"sora{i}"}, headers=headers) for i in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json["error"]["retryAfter"] > 3600
    statuses = [
        client.patch("/api/me", json={"status": f"{i}"}, headers=headers).status_code
        for i in range(6)
    ]
    assert statuses[0] == 200 and statuses[-1] == 429


def test_a_deactivated_person_gets_nothing_by_what_was_given_before(bora, store, client, app):
    tokens = client.post("/api/token", json={"name": "bora", "password": PASSWORD}).json
    refresh = {"Authorization": f"Bearer {tokens['refreshToken']}"}
    account_state.deactivate(store, "bora")
    assert refused(bora.get("/api/me"), 401, "token_revoked")
    assert refused(client.post("/api/token/refresh", headers=refresh), 401, "token_revoked")
    account_state.reactivate(store, "bora")
    assert refused(bora.get("/api/me"), 401, "token_revoked")
    account_state.delete(store, "bora")
    assert refused(bora.get("/api/me"), 401, "token_revoked")
    body = {"name": "bora", "password": PASSWORD}
    assert refused(client.post("/api/token", json=body), 401, "unauthorized")


def test_the_language_of_the_account_is_that_of_the_pages_after_a_login(
    register, client, store, submit
):
    profile.change(store, register("bora").user_id, {"language": "ko"})
    submit(client, "/login", name="bora", password=PASSWORD)
    assert 'lang="ko"' in client.get("/rooms").text
    submit(client, "/language", lang="en", next="/rooms")
    assert people.find_by_name(store, "bora").language == "en"
    assert 'lang="en"' in client.get("/rooms").text


@pytest.mark.parametrize("body", [{}, {"password": "wrong horse"}, {"password": 7}])
def test_deleting_oneself_takes_the_password(bora, store, body):
    answer = bora.post("/api/me/delete", json=body)
    assert refused(answer, 401, "unauthorized")
    assert not people.find_by_name(store, "bora").deleted


def test_whoever_has_deleted_the_account_is_nobody_any_more(bora, store):
    user_id = people.find_by_name(store, "bora").user_id
    assert bora.post("/api/me/delete", json={"password": PASSWORD}).status_code == 204
    assert people.get_by_id(store, user_id).deleted
    assert refused(bora.get("/api/me"), 401, "token_revoked")
