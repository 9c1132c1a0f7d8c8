"""A person sees whose invitations are refused, and can allow them again, on the page and by API."""

import re

import pytest

from chat import people
from tests.conftest import account_key


@pytest.fixture
def refusal(login, submit):
    """Ann has let Bora into a private room, and Bora has left and blocked her. Gives its path."""
    owner, guest = login("Ann"), login("bora")
    path = submit(owner, "/rooms", name="Secret", private="y").location
    submit(owner, f"{path}/members", name="bora")
    assert submit(guest, f"{path}/members/refuse").location == "/rooms"
    assert submit(owner, f"{path}/members", name="bora").status_code == 403
    return owner, guest, path


@pytest.mark.parametrize(
    ("language", "heading", "button"),
    [
        ("en", "You refuse invitations from", "Accept again"),
        ("ko", "초대를 받지 않는 사람", "다시 받기"),
    ],
)
def test_the_settings_show_whom_and_take_it_back(refusal, submit, language, heading, button):
    owner, guest, path = refusal
    page = guest.get("/settings", headers={"Accept-Language": language}).text
    assert heading in page and re.search(rf"{button}<span[^>]*> Ann</span>", page)
    assert submit(guest, "/settings/accept", name="Ann").location == "/settings"
    assert heading not in guest.get("/settings", headers={"Accept-Language": language}).text
    assert submit(owner, f"{path}/members", name="bora").location == path
    assert guest.get(path).status_code == 200


def test_who_blocks_nobody_sees_no_list(login):
    assert "You refuse invitations from" not in login("bora").get("/settings").text


def test_the_form_needs_its_token(refusal, store):
    _, guest, _ = refusal
    assert guest.post("/settings/accept", data={"name": "Ann"}).status_code == 400
    assert "Ann" in guest.get("/settings").text


def test_the_api_lists_and_takes_back(refusal, token, client, submit):
    owner, _, path = refusal
    headers = {"Authorization": f"Bearer {token('bora')}"}
    answer = client.get("/api/refused", headers=headers).json
    assert answer["refused"] == ["Ann"]
    [ann] = answer["people"]
    assert (ann["name"], set(ann)) == ("Ann", {"userId", "name", "displayName", "role"})
    # Names are the same in any letters; one that is not there changes nothing.
    for name, left in (("nobody", ["Ann"]), ("ANN", []), (ann["userId"], [])):
        assert client.delete(f"/api/refused/{name}", headers=headers).status_code == 204
        assert client.get("/api/refused", headers=headers).json["refused"] == left
    assert submit(owner, f"{path}/members", name="bora").location == path


def test_a_name_that_is_none_is_refused(token, client):
    headers = {"Authorization": f"Bearer {token('bora')}"}
    answer = client.delete("/api/refused/a", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")


def test_the_api_is_for_those_with_a_token(client):
    assert client.get("/api/refused").status_code == 401
    assert client.delete("/api/refused/ann").status_code == 401


def test_a_person_whose_account_is_lost_can_still_be_taken_back(refusal, store, app, token):
    ann = people.id_of_name(store, "ann")
    store.redis.delete(account_key(store, "ann"))
    headers = {"Authorization": f"Bearer {token('bora')}"}
    client = app.test_client()
    assert client.get("/api/refused", headers=headers).json == {"refused": [ann], "people": []}
    assert client.delete(f"/api/refused/{ann}", headers=headers).status_code == 204
    assert client.get("/api/refused", headers=headers).json == {"refused": [], "people": []}
