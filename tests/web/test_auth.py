"""Logging in, registering, logging out, and one's own settings."""

import time

import pytest
from flask import session

from chat import people
from tests.conftest import PASSWORD, account_key


def page_token(client):
    return client.get("/api/token").json["accessToken"]


def test_login_opens_the_rooms(client, register, submit):
    register("bora")
    response = submit(client, "/login", name="bora", password=PASSWORD)
    assert response.location == "/rooms"
    assert client.get("/rooms").status_code == 200


def test_login_finds_the_name_in_any_case_and_form(client, register, submit):
    register("보라Ä")
    # The same name, as a keyboard might send it: decomposed, and in small letters.
    response = submit(client, "/login", name="보라a\u0308", password=PASSWORD)
    assert response.location == "/rooms"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("bora", "wrong horse"),
        ("nobody", PASSWORD),
        ("", ""),
        ("bora", ""),
        ("bora\0", PASSWORD),
        ("b" * 5000, PASSWORD),
        ("bora", "p" * 5000),
        ("\u202ebora", PASSWORD),
    ],
)
def test_login_refused(client, register, submit, name, password):
    register("bora")
    response = submit(client, "/login", name=name, password=password)
    assert response.status_code == 401
    assert "The name or the password is not right." in response.text
    assert client.get("/rooms").location == "/login?next=/rooms"


def test_login_page_sends_those_who_are_logged_in_on(login):
    assert login("bora").get("/login?next=/settings").location == "/settings"


def test_login_takes_only_form_fields(client, submit):
    assert submit(client, "/login").status_code == 401
    response = client.post("/login", json=["name", "password"])
    assert response.status_code == 400


@pytest.mark.parametrize("target", ["/settings", "/rooms/abc?x=1", "/rooms/보라"])
def test_login_returns_to_a_page_of_this_site(client, register, submit, target):
    register("bora")
    response = submit(client, "/login", name="bora", password=PASSWORD, next=target)
    assert response.status_code == 302
    assert response.location.startswith(target[:7])


def test_login_begins_a_fresh_session(app, client, register, submit):
    register("bora")
    with client:
        client.get("/login")
        before = session["csrf_token"]
        with client.session_transaction() as planted:
            planted["planted"] = "by somebody else"
        submit(client, "/login", name="bora", password=PASSWORD)
        first = session["login"]
        assert "planted" not in session
        assert session.get("csrf_token") != before
        submit(client, "/logout")
        submit(client, "/login", name="bora", password=PASSWORD)
        assert session["login"] != first


def test_login_lasts_31_days_and_no_longer(login):
    client = login("bora")
    with client.session_transaction() as cookie:
        cookie["since"] = int(time.time()) - 31 * 86400 + 60
    assert client.get("/rooms").status_code == 200
    with client.session_transaction() as cookie:
        cookie["since"] = int(time.time()) - 31 * 86400 - 60
    assert client.get("/rooms").location == "/login?next=/rooms"


def test_login_holds_on_another_worker_and_after_a_restart(app_with, login):
    cookie = login("bora").get_cookie("maru_session")
    other = app_with().test_client()
    other.set_cookie("maru_session", cookie.value)
    assert other.get("/rooms").status_code == 200


def test_logout_ends_the_login_for_copies_of_its_cookie_and_its_tokens(app, login, submit):
    client = login("bora")
    cookie, token = client.get_cookie("maru_session").value, page_token(client)
    assert submit(client, "/logout").location == "/login"
    assert client.get("/rooms").status_code == 302

    thief = app.test_client()
    thief.set_cookie("maru_session", cookie)
    assert thief.get("/rooms").location == "/login?next=/rooms"
    answer = thief.get("/api/rooms", headers={"Authorization": f"Bearer {token}"})
    assert answer.json["error"]["code"] == "token_revoked"


def test_using_a_cookie_does_not_make_it_last_longer(login):
    client = login("bora")
    client.get("/rooms")
    for path in ("/static/icon.svg", "/healthz", "/rooms", "/api/rooms", "/api/token"):
        assert "Set-Cookie" not in client.get(path).headers


def test_logout_of_nobody_leads_to_the_login(client, submit):
    assert submit(client, "/logout").location == "/login"


def test_login_of_a_deleted_account_is_over(login, store):
    client = login("bora")
    store.redis.delete(account_key(store, "bora"))
    assert client.get("/rooms").location == "/login?next=/rooms"


def test_the_first_to_register_is_the_admin(client, app, submit):
    assert submit(client, "/register", name="bora", password=PASSWORD).location == "/rooms"
    assert client.get("/admin").status_code == 200
    second = app.test_client()
    submit(second, "/register", name="dan", password=PASSWORD)
    assert second.get("/rooms").status_code == 200
    assert second.get("/admin").status_code == 403


@pytest.mark.parametrize(
    ("name", "password", "status", "says"),
    [
        ("b", PASSWORD, 400, "A name has 2 to 32"),
        ("b" * 33, PASSWORD, 413, "A name has 2 to 32"),
        ("bo ra", PASSWORD, 400, "A name has 2 to 32"),
        ("bo\0ra", PASSWORD, 400, "A name has 2 to 32"),
        ("보라", "short", 400, "A password has 8 to 256"),
        ("보라", "p" * 257, 413, "A password has 8 to 256"),
        ("BORA", PASSWORD, 409, "That name is taken."),
    ],
)
def test_register_refused(client, register, submit, name, password, status, says):
    register("bora")
    response = submit(client, "/register", name=name, password=password)
    assert response.status_code == status
    assert says in response.text


def test_register_keeps_what_was_typed_but_not_the_password(client, submit):
    response = submit(client, "/register", name="bora", password="short1")
    assert 'value="bora"' in response.text
    assert "short1" not in response.text


def test_registration_by_approval_makes_guests_who_wait(app_with, register, submit):
    register("admin", "admin")
    client = app_with(REGISTRATION="approval").test_client()
    submit(client, "/register", name="dan", password=PASSWORD)
    response = client.get("/rooms")
    assert response.status_code == 403
    assert "/logout" in response.text


def test_closed_registration(app_with, register, submit):
    register("admin", "admin")
    client = app_with(REGISTRATION="closed").test_client()
    response = submit(client, "/register", name="dan", password=PASSWORD)
    assert response.status_code == 403


def test_a_guest_may_change_language_and_password_and_log_out(login, submit):
    client = login("gast", role="guest")
    assert client.get("/settings").status_code == 200
    assert submit(client, "/language", lang="ko").status_code == 302
    changed = submit(client, "/settings", current=PASSWORD, password="new password")
    assert changed.status_code == 200
    assert submit(client, "/logout").location == "/login"


def test_change_of_password(app, login, submit):
    client = login("bora")
    submit(client, "/settings", current=PASSWORD, password="another horse")
    other = app.test_client()
    assert submit(other, "/login", name="bora", password=PASSWORD).status_code == 401
    assert submit(other, "/login", name="bora", password="another horse").status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "says"),
    [
        ("wrong horse", "another horse", "The current password is not right."),
        (PASSWORD, "short", "A password has 8 to 256 characters."),
    ],
)
def test_change_of_password_refused(login, submit, current, new, says):
    response = submit(login("bora"), "/settings", current=current, password=new)
    assert response.status_code in (400, 401)
    assert says in response.text


def test_the_settings_change_how_others_see_one(login, store, submit):
    client = login("bora")
    form = {"name": "sora", "display_name": "남소라", "status": "휴가", "time_zone": "Asia/Seoul"}
    saved = submit(client, "/settings/profile", **form)
    page = client.get(saved.location).text
    assert "Saved." in page and "남소라" in page and "@<bdi>sora</bdi>" in page
    assert people.find_by_name(store, "sora").wire()["status"] == "휴가"
    assert "Saved." not in client.get("/settings").text


def test_what_was_typed_stays_where_the_settings_are_refused(login, register, submit):
    register("dan")
    client = login("bora")
    form = {"name": "dan", "display_name": "남보라", "status": "", "time_zone": ""}
    refused = submit(client, "/settings/profile", **form)
    assert refused.status_code == 409
    assert "That name is taken." in refused.text and 'value="남보라"' in refused.text
    assert client.get("/api/token").json["name"] == "bora"
    wrong = submit(client, "/settings", current="wrong", password="another horse")
    assert wrong.status_code == 401 and 'value="bora"' in wrong.text


def test_settings_are_for_those_logged_in(client):
    assert client.get("/settings").location == "/login?next=/settings"


def test_language_is_remembered(client, submit):
    response = submit(client, "/language", lang="ko", next="/login?next=/rooms")
    assert response.location == "/login?next=/rooms"
    assert '<html lang="ko"' in client.get("/login").text


def test_language_that_there_is_not(client, submit):
    assert submit(client, "/language", lang="xx").status_code == 400


def test_a_password_is_never_in_the_log(client, submit, register, caplog):
    caplog.set_level("DEBUG")
    register("bora")
    submit(client, "/login", name="bora", password="wrong " + PASSWORD)
    client.post("/api/token", json={"name": "bora", "password": PASSWORD})
    assert PASSWORD not in caplog.text


def test_who_registers_comes_to_where_the_invitation_led(client, register, submit):
    register("ann")
    assert 'href="/register?next=/settings"' in client.get("/login?next=/settings").text
    assert 'href="/login?next=/settings"' in client.get("/register?next=/settings").text
    response = submit(client, "/register", name="bora", password=PASSWORD, next="/settings")
    assert response.location == "/settings"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_registration_leads_nowhere_else(client, submit, target):
    response = submit(client, "/register", name="bora", password=PASSWORD, next=target)
    assert response.location == "/rooms"
