"""Limits on guessing passwords and on registering."""

import pytest

from tests.conftest import PASSWORD
from tests.web.guesses import guess, right, shut_out, without_cookies


@pytest.fixture
def client(app_with):
    return app_with(LOGIN_RATE="3", TRUSTED_PROXIES="1").test_client()


def test_guessing_from_one_address(client):
    assert [guess(client, f"name{i}").status_code for i in range(4)] == [401, 401, 401, 429]
    assert guess(client, "name", address="192.0.2.2").status_code == 401


def test_guessing_at_one_account_from_very_many_addresses(strict, register):
    register("Bora")
    names = ["bora", "BORA", "Bora", "bOrA"] * 3
    answers = [guess(strict, name, f"192.0.2.{i}") for i, name in enumerate(names)]
    # Ten times as many as from one address.
    assert [answer.status_code for answer in answers[:10]] == [401] * 10
    last = shut_out(strict)
    assert last.json["error"]["code"] == "rate_limited"
    assert 1 <= int(last.headers["Retry-After"]) <= 6


def test_the_right_password_does_not_get_past_the_limit(client, register):
    register("bora")
    for _ in range(3):
        guess(client)
    assert right(client).status_code == 429


def test_who_guesses_at_an_account_does_not_shut_its_owner_out(client, register):
    register("bora")
    answers = [guess(client, address=f"192.0.2.{i}") for i in range(3) for _ in range(5)]
    assert answers[-1].status_code == 429
    assert right(client, "198.51.100.1").status_code == 200


def test_logging_in_rightly_again_and_again_has_its_limit_too(client, register):
    register("bora")
    statuses = [right(client).status_code]
    while statuses[-1] == 200:
        statuses.append(right(client).status_code)
    assert statuses[-1] == 429 and len(statuses) > 15
    assert right(without_cookies(client), "198.51.100.1").status_code == 200


def test_an_address_cannot_be_made_up(client):
    addresses = [f"198.51.100.{i}, 192.0.2.1" for i in range(4)]
    assert [guess(client, f"name{i}", a).status_code for i, a in enumerate(addresses)][-1] == 429


def test_the_addresses_of_one_ipv6_network_count_as_one(client):
    addresses = [f"2001:db8:1:2:{i}::1" for i in range(4)]
    assert [guess(client, f"name{i}", a).status_code for i, a in enumerate(addresses)][-1] == 429
    assert guess(client, "name", "2001:db8:1:3::1").status_code == 401


@pytest.mark.parametrize("address", ["", "nonsense", "192.0.2.1:443", "x" * 5000])
def test_addresses_that_are_none(client, address):
    assert guess(client, address=address).status_code == 401


def test_the_login_page_says_so(client, register, submit):
    register("bora")
    for _ in range(3):
        submit(client, "/login", name="bora", password="wrong")
    response = submit(client, "/login", name="bora", password=PASSWORD)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert "Too fast. Wait a moment and try again." in response.text


def test_pages_and_api_count_together(client, submit):
    for _ in range(3):
        submit(client, "/login", name="bora", password="wrong")
    assert guess(client, address="127.0.0.1").status_code == 429


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings", {"current": "wrong", "password": "new password"}),
        ("/settings/delete", {"own_name": "bora", "own_password": "wrong"}),
    ],
    ids=["to change it", "to delete the account"],
)
def test_guessing_the_current_password_in_the_settings(app_with, login, submit, path, fields):
    cookie = login("bora").get_cookie("maru_session").value
    client = app_with(LOGIN_RATE="3").test_client()
    client.set_cookie("maru_session", cookie)
    statuses = [submit(client, path, **fields).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_registering_many(strict, submit):
    # Six at once for each wrong password that is allowed a minute.
    for i in range(6):
        body = {"name": f"bot{i}", "password": PASSWORD}
        assert strict.post("/api/register", json=body).status_code == 201
    # Refused names are counted too, and cost no time in which the limit would wear off.
    statuses = [
        strict.post("/api/register", json={"name": "", "password": PASSWORD}).status_code
        for _ in range(3)
    ]
    assert statuses[-1] == 429
    assert submit(strict, "/register", name="", password=PASSWORD).status_code == 429
    elsewhere = {"X-Forwarded-For": "192.0.2.2"}
    body = {"name": "stranger", "password": PASSWORD}
    assert strict.post("/api/register", json=body, headers=elsewhere).status_code == 201


def test_logging_in_rightly_does_not_count(client, register):
    register("bora")
    body = {"name": "bora", "password": PASSWORD}
    assert {client.post("/api/token", json=body).status_code for _ in range(10)} == {200}
    assert [guess(client).status_code for _ in range(4)] == [401, 401, 401, 429]


def test_no_limit(app_with):
    client = app_with(LOGIN_RATE="0").test_client()
    assert {guess(client).status_code for _ in range(20)} == {401}
