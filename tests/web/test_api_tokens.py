"""Accounts and tokens over the HTTP API."""

import pytest

from chat import person_ids
from tests.conftest import PASSWORD, account_key


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def code(response):
    return response.status_code, response.json["error"]["code"]


@pytest.fixture
def tokens(client, register):
    """What Bora got for her password."""
    register("bora")
    return client.post("/api/token", json={"name": "BORA", "password": PASSWORD}).json


def known(response):
    """The answer but for the userId, which has to look like one."""
    assert person_ids.is_id(response.json["userId"])
    return {field: value for field, value in response.json.items() if field != "userId"}


def test_registering(client):
    first = client.post("/api/register", json={"name": "보라", "password": PASSWORD})
    assert (first.status_code, known(first)) == (201, {"name": "보라", "role": "admin"})
    second = client.post("/api/register", json={"name": "dan", "password": PASSWORD})
    assert (second.status_code, known(second)) == (201, {"name": "dan", "role": "user"})


def test_registering_by_approval(app_with, register):
    register("root", "admin")
    client = app_with(REGISTRATION="approval").test_client()
    response = client.post("/api/register", json={"name": "dan", "password": PASSWORD})
    assert known(response) == {"name": "dan", "role": "guest"}


def test_registering_where_it_is_closed(app_with, register):
    register("root", "admin")
    client = app_with(REGISTRATION="closed").test_client()
    response = client.post("/api/register", json={"name": "dan", "password": PASSWORD})
    assert code(response) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalid")),
        ({"name": "dan"}, (400, "invalid")),
        ({"name": None, "password": PASSWORD}, (400, "invalid")),
        ({"name": ["dan"], "password": PASSWORD}, (400, "invalid")),
        ({"name": "d\0n", "password": PASSWORD}, (400, "invalid")),
        ({"name": "d", "password": PASSWORD}, (400, "invalid")),
        ({"name": "d" * 33, "password": PASSWORD}, (413, "too_long")),
        ({"name": "dan", "password": 12345678}, (400, "invalid")),
        ({"name": "dan", "password": "short"}, (400, "invalid")),
        ({"name": "dan", "password": "p" * 257}, (413, "too_long")),
        ({"name": "Bora", "password": PASSWORD}, (409, "conflict")),
    ],
)
def test_registering_refused(client, register, body, expected):
    register("bora")
    assert code(client.post("/api/register", json=body)) == expected


def test_a_role_cannot_be_asked_for(client, register):
    register("root", "admin")
    body = {"name": "dan", "password": PASSWORD, "role": "admin"}
    assert client.post("/api/register", json=body).json["role"] == "user"


def test_tokens_for_a_password(tokens, client):
    assert set(tokens) == {"userId", "name", "accessToken", "refreshToken", "expiresIn"}
    assert (tokens["name"], tokens["expiresIn"]) == ("bora", 900)
    assert client.get("/api/rooms", headers=bearer(tokens["accessToken"])).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "bora", "password": "wrong horse"},
        {"name": "nobody", "password": PASSWORD},
        {"name": 7, "password": PASSWORD},
        {"name": "bora", "password": None},
        {"name": ["bora"], "password": [PASSWORD]},
    ],
)
def test_no_tokens_without_the_right_password(client, register, body):
    register("bora")
    response = client.post("/api/token", json=body)
    assert code(response) == (401, "unauthorized")
    assert "WWW-Authenticate" in response.headers


def test_a_page_gets_a_token_for_its_login(login, client):
    answer = login("bora").get("/api/token")
    assert set(answer.json) == {"userId", "name", "accessToken", "expiresIn"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/api/rooms", headers=bearer(answer.json["accessToken"])).status_code == 200
    assert code(client.get("/api/token")) == (401, "unauthorized")


def test_refreshing(tokens, client):
    answer = client.post("/api/token/refresh", headers=bearer(tokens["refreshToken"]))
    assert set(answer.json) == {"accessToken", "expiresIn"}
    assert client.get("/api/rooms", headers=bearer(answer.json["accessToken"])).status_code == 200


def test_each_kind_of_token_is_only_good_for_its_own_use(tokens, client):
    refreshed = client.post("/api/token/refresh", headers=bearer(tokens["accessToken"]))
    assert code(refreshed) == (401, "unauthorized")
    listed = client.get("/api/rooms", headers=bearer(tokens["refreshToken"]))
    assert code(listed) == (401, "unauthorized")


def test_refreshing_for_somebody_who_is_gone(tokens, client, store):
    store.redis.delete(account_key(store, "bora"))
    answer = client.post("/api/token/refresh", headers=bearer(tokens["refreshToken"]))
    assert code(answer) == (401, "unauthorized")


def test_revoking_an_access_token_ends_it_alone(tokens, client):
    access, refresh = bearer(tokens["accessToken"]), bearer(tokens["refreshToken"])
    response = client.post("/api/token/revoke", headers=access)
    assert (response.status_code, response.data) == (204, b"")
    assert code(client.get("/api/rooms", headers=access)) == (401, "token_revoked")
    assert code(client.post("/api/token/revoke", headers=access)) == (401, "token_revoked")
    assert client.post("/api/token/refresh", headers=refresh).status_code == 200


def test_revoking_a_refresh_token_ends_all_that_came_of_it(tokens, client):
    refresh = bearer(tokens["refreshToken"])
    later = client.post("/api/token/refresh", headers=refresh).json["accessToken"]
    other = client.post("/api/token", json={"name": "bora", "password": PASSWORD}).json
    assert client.post("/api/token/revoke", headers=refresh).status_code == 204
    assert code(client.post("/api/token/refresh", headers=refresh)) == (401, "token_revoked")
    assert code(client.post("/api/token/revoke", headers=refresh)) == (401, "token_revoked")
    for token in (tokens["accessToken"], later):
        assert code(client.get("/api/rooms", headers=bearer(token))) == (401, "token_revoked")
    assert client.get("/api/rooms", headers=bearer(other["accessToken"])).status_code == 200


def test_a_revocation_holds_on_every_worker_and_is_told_to_them(tokens, client, app_with, store):
    control = store.redis.pubsub(ignore_subscribe_messages=True)
    control.subscribe("maru:control")
    control.get_message(timeout=30)
    access = bearer(tokens["accessToken"])
    client.post("/api/token/revoke", headers=access)
    assert b"revoked" in control.get_message(timeout=30)["data"]
    control.close()
    other = app_with().test_client()
    assert code(other.get("/api/rooms", headers=access)) == (401, "token_revoked")


def test_one_person_may_revoke_so_many_tokens_at_once(client, tokens):
    def revoke():
        refreshed = client.post("/api/token/refresh", headers=bearer(tokens["refreshToken"]))
        return client.post("/api/token/revoke", headers=bearer(refreshed.json["accessToken"]))

    answers = [revoke() for _ in range(101)]
    assert [answer.status_code for answer in answers] == [204] * 100 + [429]
    assert answers[-1].json["error"]["code"] == "rate_limited"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_revoking_needs_a_token(client, login):
    assert code(client.post("/api/token/revoke")) == (401, "unauthorized")
    assert code(login("bora").post("/api/token/revoke")) == (401, "unauthorized")


def test_a_role_counts_at_once_for_tokens_that_are_out(tokens, client, store):
    store.redis.hset(account_key(store, "bora"), "role", "guest")
    response = client.get("/api/rooms", headers=bearer(tokens["accessToken"]))
    assert code(response) == (403, "forbidden")
