"""Who may call the API: with a token, or with the cookie and its CSRF header."""

import re
import time

import pytest

from chat import account_state, profile
from tests.conftest import PASSWORD
from tests.web.answers import refused


def test_guests_get_a_token_but_no_rooms(bot, bora, hall):
    guest = bot("gast", role="guest")
    for path in ("/api/rooms", hall, f"{hall}/users", f"{hall}/messages", f"{hall}/members"):
        assert refused(guest.get(path), 403, "forbidden")
    assert refused(guest.post("/api/rooms", json={"name": "x"}), 403, "forbidden")
    assert refused(guest.post(f"{hall}/messages", json={"message": "x"}), 403, "forbidden")
    assert refused(guest.patch(hall, json={"name": "x"}), 403, "forbidden")
    assert refused(guest.delete(hall), 403, "forbidden")


CALLS = [
    ("GET", "/api/rooms"),
    ("POST", "/api/rooms"),
    ("GET", "/api/rooms/x"),
    ("PATCH", "/api/rooms/x"),
    ("DELETE", "/api/rooms/x"),
    ("GET", "/api/rooms/x/users"),
    ("GET", "/api/rooms/x/members"),
    ("PUT", "/api/rooms/x/members/dan"),
    ("DELETE", "/api/rooms/x/members/dan"),
    ("GET", "/api/rooms/x/messages"),
    ("POST", "/api/rooms/x/messages"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_needs_somebody(client, method, path):
    response = client.open(path, method=method, json={"name": "x", "message": "x"})
    assert refused(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_page_needs_the_csrf_header_to_change_something(login, method, path):
    response = login("bora").open(path, method=method, json={"name": "x", "message": "x"})
    if method == "GET":
        assert response.status_code in (200, 404)
    else:
        assert refused(response, 400, "invalid")
        assert "CSRF" in response.json["error"]["message"]


def test_a_page_may_use_its_cookie_with_the_csrf_header(login):
    client = login("bora")
    page = client.get("/settings").text
    header = {"X-CSRFToken": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]}
    response = client.post("/api/rooms", json={"name": "hall"}, headers=header)
    assert response.status_code == 201
    wrong = {"X-CSRFToken": "wrong"}
    assert refused(client.post("/api/rooms", json={"name": "x"}, headers=wrong), 400, "invalid")


def test_a_bad_bearer_token_is_not_saved_by_a_cookie(login):
    response = login("bora").get("/api/rooms", headers={"Authorization": "Bearer x"})
    assert refused(response, 401, "unauthorized")


def test_a_changed_password_ends_the_other_logins(login, submit):
    here, elsewhere = login("bora"), login("bora")
    form = {"current": PASSWORD, "password": "another password"}
    assert submit(here, "/settings", **form).status_code == 200
    assert here.get("/rooms").status_code == 200
    assert elsewhere.get("/rooms").status_code == 302


def as_before(app, name):
    """A browser with a cookie from before people had ids."""
    client = app.test_client()
    with client.session_transaction() as session:
        session |= {"_user_id": name, "_fresh": True, "login": "before", "generation": 0}
        session["since"] = int(time.time())
    return client


def test_a_cookie_from_before_people_had_ids_is_whose_it_was_then(app, register, store):
    bora = register("bora")
    assert as_before(app, "bora").get("/api/token").status_code == 401
    store.redis.hset("maru:legacy", "bora", bora.user_id)
    assert as_before(app, "BORA").get("/api/token").json["name"] == "bora"
    profile.change(store, bora.user_id, {"name": "sora"})
    store.redis.delete("maru:former")
    register("bora")
    assert as_before(app, "bora").get("/api/token").json["name"] == "sora"
    assert as_before(app, "sora").get("/api/token").status_code == 401
    assert as_before(app, bora.user_id).get("/api/token").status_code == 401
    account_state.delete(store, bora.user_id)
    assert as_before(app, "bora").get("/api/token").status_code == 401
