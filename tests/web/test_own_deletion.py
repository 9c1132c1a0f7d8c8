"""Deleting one's own account."""

import pytest

from chat import people
from tests.conftest import PASSWORD


@pytest.fixture
def dan(login):
    login("root", role="admin")
    return login("dan")


def person_of(store, name="dan"):
    return people.find(store, name)


def delete(submit, client, name="dan", password=PASSWORD):
    return submit(client, "/settings/delete", own_name=name, own_password=password)


def test_whoever_deletes_the_account_is_out_and_told(dan, submit, store):
    user_id = person_of(store).user_id
    answer = delete(submit, dan, name=" DAN ")
    assert answer.location == "/login?deleted="
    assert people.get_by_id(store, user_id).deleted
    assert "Your account is deleted." in dan.get(answer.location).text
    assert dan.get("/rooms").location == "/login?next=/rooms"


@pytest.mark.parametrize(
    ("name", "password", "status", "told"),
    [
        ("root", PASSWORD, 400, "That is not the name of this account."),
        ("", PASSWORD, 400, "That is not the name of this account."),
        ("x" * 5000, PASSWORD, 400, "That is not the name of this account."),
        ("dan", "wrong horse", 401, "The current password is not right."),
        ("dan", "", 401, "The current password is not right."),
    ],
)
def test_nothing_is_deleted_without_name_and_password(
    dan, submit, store, name, password, status, told
):
    answer = delete(submit, dan, name, password)
    assert (answer.status_code, told in answer.text) == (status, True)
    assert 'name="next" value="/settings"' in answer.text
    assert not person_of(store).deleted
    assert dan.get("/rooms").status_code == 200


def test_without_a_token_of_the_form_nothing_is_deleted(dan, store):
    form = {"own_name": "dan", "own_password": PASSWORD}
    assert dan.post("/settings/delete", data=form).status_code == 400
    assert not person_of(store).deleted


def test_the_only_admin_stays(login, submit, store):
    answer = delete(submit, login("root", role="admin"), name="root")
    assert answer.status_code == 409
    assert "Make another one first." in answer.text
    assert not person_of(store, "root").deleted
