"""Browsers in which a person has logged in before have a rate limit of their own."""

import pytest

from tests.conftest import PASSWORD
from tests.web.guesses import ADDRESSES, guess, right, shut_out, without_cookies


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


def test_a_known_browser_may_not_guess_without_end_either(strict, register):
    register("bora")
    assert right(strict).status_code == 200
    addresses = [f"198.51.100.{i}" for i in range(2)]
    assert [guess(strict, address=address).status_code for address in addresses] == [401, 429]


@pytest.mark.parametrize("cookie", ["x" * 22, "x" * 4000, "", "보라"])
def test_a_cookie_of_a_browser_that_is_made_up_is_worth_nothing(strict, register, cookie):
    register("bora")
    shut_out(strict)
    strict.set_cookie("maru_device", cookie)
    assert right(strict, "198.51.100.1").status_code == 429


def test_known_browsers_do_not_lift_the_limit_of_their_address(app_with, register):
    client = app_with(LOGIN_RATE="1", TRUSTED_PROXIES="1").test_client()
    names = [f"friend{i}" for i in range(16)]
    for name in names:
        register(name)
    cookies = []
    for i, name in enumerate(names):
        client.delete_cookie("maru_device")
        right(client, f"198.51.100.{i}", name)
        cookies.append(client.get_cookie("maru_device").value)
    statuses = []
    for _ in range(4):
        for name, cookie in zip(names, cookies, strict=True):
            client.set_cookie("maru_device", cookie)
            statuses.append(right(client, "192.0.2.1", name).status_code)
    # 30 from an address, and 10 more for known browsers; one or two come free meanwhile.
    assert 40 <= statuses.count(200) <= 50 and statuses[-1] == 429
    # The others there are not let in either, those at another address are.
    assert right(without_cookies(client), "192.0.2.1", names[0]).status_code == 429
    assert right(without_cookies(client), "192.0.2.2", names[0]).status_code == 200


def test_a_known_browser_comes_in_where_others_use_up_the_limit_of_the_address(strict, register):
    for name in ("bora", *(f"friend{i}" for i in range(8))):
        register(name)
    assert right(strict, "198.51.100.1").status_code == 200
    statuses = [
        right(without_cookies(strict), "192.0.2.1", f"friend{i}").status_code
        for _ in range(5)
        for i in range(8)
    ]
    assert statuses[-1] == 429
    assert right(strict, "192.0.2.1").status_code == 200


def test_a_browser_is_known_to_a_few_accounts_the_latest_ones(strict, register):
    names = [f"friend{i}" for i in range(6)]
    for i, name in enumerate(names):
        register(name)
        assert right(strict, f"198.51.100.{i}", name).status_code == 200
    ids = strict.get_cookie("maru_device").value.split(".")
    assert len(ids) == len({*ids}) == 5
    for name in names[1:]:
        shut_out(strict, name)
        assert right(strict, next(ADDRESSES), name).status_code == 200
    shut_out(strict, names[0])
    assert right(strict, next(ADDRESSES), names[0]).status_code == 429


def test_an_id_that_was_planted_in_a_browser_is_not_known_afterwards(strict, register):
    register("bora")
    strict.set_cookie("maru_device", "P" * 22)
    assert right(strict, "198.51.100.1").status_code == 200
    own = strict.get_cookie("maru_device").value.split(".")[0]
    assert own != "P" * 22
    shut_out(strict)
    planter = without_cookies(strict)
    planter.set_cookie("maru_device", "P" * 22)
    assert right(planter, "198.51.100.2").status_code == 429
    browser = without_cookies(strict)
    browser.set_cookie("maru_device", own)
    assert right(browser, "198.51.100.3").status_code == 200
    # And keeps its id.
    assert browser.get_cookie("maru_device").value == own


def test_an_id_of_somebody_elses_account_is_not_known_to_ones_own(strict, register):
    register("bora")
    register("mallory")
    assert right(strict, "198.51.100.1", "mallory").status_code == 200
    planted = strict.get_cookie("maru_device").value
    assert right(strict, "198.51.100.2").status_code == 200
    shut_out(strict)
    planter = without_cookies(strict)
    planter.set_cookie("maru_device", planted)
    assert right(planter, "198.51.100.3").status_code == 429


def test_a_new_password_forgets_where_somebody_has_logged_in(strict, register, login, submit):
    register("bora")
    assert right(strict, "198.51.100.1").status_code == 200
    new = "another correct horse"
    assert submit(login("bora"), "/settings", current=PASSWORD, password=new).status_code == 200
    shut_out(strict)
    assert right(strict, "198.51.100.2", password=new).status_code == 429
    assert right(without_cookies(strict), "198.51.100.1", password=new).status_code == 429


@pytest.mark.parametrize(
    ("settings", "base", "name", "path", "secure"),
    [
        ({}, "http://localhost", "maru_device", "/", False),
        ({"TRUSTED_PROXIES": "1"}, "https://localhost", "__Host-maru_device", "/", True),
        ({"BASE_PATH": "/chat"}, "http://localhost/chat", "maru_device", "/chat", False),
        ({"BASE_PATH": "/chat"}, "https://localhost/chat", "maru_device", "/chat", True),
    ],
)
def test_the_cookie_of_a_browser_goes_nowhere_else(
    app_with, register, settings, base, name, path, secure
):
    register("bora")
    client = app_with(**settings).test_client()
    body = {"name": "bora", "password": PASSWORD}
    answer = client.post("/api/token", json=body, base_url=base)
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if "maru_device" in c]
    attributes = cookie.split("; ")
    assert attributes[0].startswith(f"{name}=")
    assert {"HttpOnly", "SameSite=Lax", f"Path={path}"} <= {*attributes}
    assert ("Secure" in attributes) is secure
    assert "Domain" not in cookie
