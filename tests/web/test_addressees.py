"""Whom somebody means who types names: display names with spaces and commas, several at once."""

import pytest

from chat import account_state, people, profile


@pytest.fixture
def ann(login, store):
    for name, shown in (
        ("bora", "Bora Kim"),
        ("cho", "Cho, Dana"),
        ("dan", "eve"),
        ("eve", ""),
        ("twin1", "Twin"),
        ("twin2", "TWIN"),
        ("gone", "Gone Girl"),
    ):
        login(name)
        profile.change(store, people.id_of_name(store, name), {"displayName": shown})
    account_state.deactivate(store, "gone")
    return login("ann")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("bora", "bora"),
        ("@BORA ", "bora"),
        ("Bora Kim", "bora"),
        (" bora  kim ", "bora"),
        ("bora eve", "bora, eve"),
        ("Bora Kim, eve", "bora, eve"),
        ("Bora Kim、twin1，eve", "bora, eve, twin1"),
        ("Cho, Dana", "cho"),
        # The name goes before the display name.
        ("eve", "eve"),
    ],
)
def test_one_writes_to(ann, store, submit, typed, names):
    answer = submit(ann, "/direct", people=typed)
    assert answer.status_code == 302, answer.text
    room_id = answer.location.rpartition("/")[2]
    listed = ann.get(f"/api/rooms/{room_id}/members").json["members"]
    assert sorted(each["name"] for each in listed if each["name"] != "ann") == names.split(", ")


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("Bora Kimm", 404, "There is nobody called Bora Kimm."),
        ("bora, nobody at all", 404, "There is nobody called nobody at all."),
        ("twin", 409, "Several people are shown as twin. Type the name behind the @ instead."),
        ("Gone Girl", 404, "There is nobody called Gone Girl."),
        ("gone", 409, "This account is deactivated."),
        (" , ", 400, "A direct room is for one to eight others."),
        ("a b c d e f g h i", 400, "A direct room is for one to eight others."),
        ("a, " * 9, 400, "A direct room is for one to eight others."),
    ],
)
def test_what_is_wrong_with_them_is_said(ann, submit, typed, status, words):
    answer = submit(ann, "/direct", people=typed)
    assert answer.status_code == status
    assert words in answer.text


def test_one_is_invited_by_display_name_too(ann, submit):
    room = submit(ann, "/rooms", name="hall", private="y").location
    assert submit(ann, f"{room}/members", name="Bora Kim").status_code == 302
    assert "bora" in ann.get(f"/api{room}/members").text
    assert submit(ann, f"{room}/members", name="twin").status_code == 409
