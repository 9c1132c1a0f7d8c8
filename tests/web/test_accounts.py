"""The brakes on guessing passwords and on registering."""

import pytest

from tests.conftest import PASSWORD

#: Each of them is used once.
ADDRESSES = (f"10.0.{i // 250}.{i % 250}" for i in range(60_000))


@pytest.fixture
def client(app_with):
    return app_with(LOGIN_RATE="3", TRUSTED_PROXIES="1").test_client()


@pytest.fixture
def strict(app_with):
    return app_with(LOGIN_RATE="1", TRUSTED_PROXIES="1").test_client()


def guess(client, name="bora", address="192.0.2.1"):
    headers = {"X-Forwarded-For": address}
    return client.post("/api/token", json={"name": name, "password": "wrong"}, headers=headers)


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


def test_a_browser_that_has_logged_in_before_is_not_shut_out(strict, register):
    register("bora")
    assert right(strict, "198.51.100.1").status_code == 200
    shut_out(strict)
    # On the road: from an address that nobody has seen, and one that is over its limit.
    assert right(strict, "198.51.100.2").status_code == 200
    assert guess(without_cookies(strict), "somebody", "203.0.113.1").status_code == 401
    assert guess(without_cookies(strict), "somebody", "203.0.113.1").status_code == 429
    assert right(strict, "203.0.113.1").status_code == 200
    shut_out(strict)
    assert right(without_cookies(strict), "198.51.100.3").status_code == 429


def test_a_program_is_not_shut_out_where_it_has_logged_in_before(strict, register):
    register("bora")
    assert right(without_cookies(strict), "198.51.100.1").status_code == 200
    shut_out(strict)
    assert right(without_cookies(strict), "198.51.100.2").status_code == 429
    assert right(without_cookies(strict), "198.51.100.1").status_code == 200


def test_a_browser_known_to_one_account_is_a_stranger_to_others(strict, register):
    register("bora")
    register("dan")
    assert right(strict, "198.51.100.1", "dan").status_code == 200
    shut_out(strict)
    assert right(strict, "198.51.100.1").status_code == 429


def test_a_known_browser_may_not_guess_without_end_either(client, register):
    register("bora")
    assert right(client).status_code == 200
    addresses = [f"198.51.100.{i}" for i in range(4)]
    statuses = [guess(client, address=address).status_code for address in addresses]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("cookie", ["x" * 22, "x" * 4000, "", "보라"])
def test_a_cookie_of_a_browser_that_is_made_up_is_worth_nothing(strict, register, cookie):
    register("bora")
    shut_out(strict)
    strict.set_cookie("maru_device", cookie)
    assert right(strict, "198.51.100.1").status_code == 429


def test_logging_in_rightly_again_and_again_has_its_limit_too(client, register):
    register("bora")
    statuses = [right(client).status_code]
    while statuses[-1] == 200:
        statuses.append(right(client).status_code)
    assert statuses[-1] == 429 and len(statuses) > 15
    assert right(without_cookies(client), "198.51.100.1").status_code == 200


def right(client, address="192.0.2.1", name="bora"):
    headers = {"X-Forwarded-For": address}
    return client.post("/api/token", json={"name": name, "password": PASSWORD}, headers=headers)


def shut_out(client):
    """Guess at Bora's account from ever more addresses, until no stranger may try any more."""
    stranger = without_cookies(client)
    answer = guess(stranger, address=next(ADDRESSES))
    while answer.status_code != 429:
        answer = guess(stranger, address=next(ADDRESSES))
    return answer


def without_cookies(client):
    return client.application.test_client()


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


def test_guessing_the_current_password_in_the_settings(app_with, login, submit):
    cookie = login("bora").get_cookie("maru_session").value
    client = app_with(LOGIN_RATE="3").test_client()
    client.set_cookie("maru_session", cookie)
    statuses = [
        submit(client, "/settings", current="wrong", password="new password").status_code
        for _ in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


def test_registering_many(client, submit):
    for i in range(30):
        body = {"name": f"bot{i}", "password": PASSWORD}
        assert client.post("/api/register", json=body).status_code == 201
    # Refused names are counted too, and cost no time in which the limit would wear off.
    statuses = [
        client.post("/api/register", json={"name": "", "password": PASSWORD}).status_code
        for _ in range(30)
    ]
    assert statuses[-1] == 429
    assert submit(client, "/register", name="", password=PASSWORD).status_code == 429


def test_logging_in_rightly_does_not_count(client, register):
    register("bora")
    body = {"name": "bora", "password": PASSWORD}
    assert {client.post("/api/token", json=body).status_code for _ in range(10)} == {200}
    assert [guess(client).status_code for _ in range(4)] == [401, 401, 401, 429]


def test_no_limit(app_with):
    client = app_with(LOGIN_RATE="0").test_client()
    assert {guess(client).status_code for _ in range(20)} == {401}
