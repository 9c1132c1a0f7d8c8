"""A form that is refused leads to the field that is wrong, and says there what is wrong with it."""

import re

import pytest

from tests.conftest import PASSWORD


def leads_to(response, name):
    """The field of this name, and no other, has the focus and is tied to the sentence about it."""
    assert 'id="problem"' in response.text
    fields = re.findall(r"<input[^>]*>", response.text)
    for sign in (r"\bautofocus\b", 'aria-invalid="true"', r'aria-describedby="[^"]*\bproblem"'):
        found = [field for field in fields if re.search(sign, field)]
        assert len(found) == 1 and f'name="{name}"' in found[0], (sign, found)


@pytest.mark.parametrize(
    ("name", "password", "wrong"),
    [("b", PASSWORD, "name"), ("보라", "short", "password"), ("BORA", PASSWORD, "name")],
)
def test_register(client, register, submit, name, password, wrong):
    register("bora")
    leads_to(submit(client, "/register", name=name, password=password), wrong)


def test_a_log_in_that_is_refused_does_not_say_which_field_is_wrong(client, register, submit):
    register("bora")
    refused = submit(client, "/login", name="bora", password="wrong horse").text
    assert 'aria-invalid="true"' not in refused


@pytest.mark.parametrize(
    ("current", "new", "wrong"),
    [("wrong horse", "another horse", "current"), (PASSWORD, "short", "password")],
)
def test_change_of_password(login, submit, current, new, wrong):
    leads_to(submit(login("bora"), "/settings", current=current, password=new), wrong)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "dan"),
        ("name", "b"),
        ("display_name", "b" * 65),
        ("status", "b" * 101),
        ("time_zone", "Asia/Soul"),
    ],
)
def test_settings(login, register, submit, field, value):
    register("dan")
    form = {"name": "bora", "display_name": "", "status": "", "time_zone": "", field: value}
    leads_to(submit(login("bora"), "/settings/profile", **form), field)


def test_a_space_from_a_phones_keyboard_is_no_part_of_a_name(app, submit):
    for path in ("/register", "/login"):
        answer = submit(app.test_client(), path, name="보라 ", password=PASSWORD)
        assert answer.status_code == 302
