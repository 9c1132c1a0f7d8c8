"""The HTTP API of changes to messages: edit, delete, react."""

import pytest

from tests.conftest import entries
from tests.web.answers import refused


def page(client, hall):
    return client.get(f"{hall}/messages").json


@pytest.fixture
def stored(store, hall):
    """Everything that the hall's stream holds: ``stored()``."""
    return lambda: entries(store, hall.rpartition("/")[2])


@pytest.fixture
def said(bora, hall):
    return f"{hall}/messages/{bora.post(f'{hall}/messages', json={'message': 'helo'}).json['seq']}"


def test_an_edit_is_a_message_of_its_own(bora, hall, said, stored):
    assert bora.patch(said, json={"message": "hello"}).json == {"seq": 2}
    edit = stored()[1]
    assert (edit["type"], edit["ref"], edit["message"]) == ("EDIT", 1, "hello")
    [talk] = page(bora, hall)["messages"]
    assert (talk["seq"], talk["message"], talk["editedAt"]) == (1, "hello", edit["sentAt"])


def test_only_its_sender_edits_a_message(bot, hall, said):
    refused(bot("dan").patch(said, json={"message": "mine"}), 403, "forbidden")


def test_what_is_deleted_is_gone_with_its_edits(bora, hall, said, stored):
    bora.patch(said, json={"message": "hello"})
    assert bora.delete(said).json == {"seq": 3}
    assert [(m["type"], m["ref"], m["message"]) for m in stored()] == [("DELETE", 1, "")]
    kept = page(bora, hall)
    assert (kept["messages"], kept["seq"]) == ([], 3)
    refused(bora.delete(said), 404, "not_found")


def test_others_delete_only_where_they_keep_order(bora, bot, hall):
    seq = bot("dan").post(f"{hall}/messages", json={"message": "rude"}).json["seq"]
    refused(bot("eve").delete(f"{hall}/messages/{seq}"), 403, "forbidden")
    assert bora.delete(f"{hall}/messages/{seq}").status_code == 200


def test_a_reaction_is_put_and_taken_away(bora, hall, said, stored):
    assert bora.put(f"{said}/reactions/👍🏽").json == {"seq": 2}
    [talk] = page(bora, hall)["messages"]
    assert talk["reactions"] == {"👍🏽": [talk["senderId"]]}
    assert bora.delete(f"{said}/reactions/👍🏽").json == {"seq": 3}
    put, taken = stored()[1:]
    assert (put["type"], put["ref"], put["emoji"], put["on"]) == ("REACT", 1, "👍🏽", True)
    assert (taken["emoji"], taken["on"]) == ("👍🏽", False)


def test_a_reaction_and_a_deletion_that_are_repeated_are_made_once(bora, hall, said, stored):
    on, off, gone = (f"?clientId=change-{i}" for i in range(3))
    for _ in range(2):
        assert bora.put(f"{said}/reactions/👍{on}").json == {"seq": 2}
    for _ in range(2):
        assert bora.delete(f"{said}/reactions/👍{off}").json == {"seq": 3}
    for _ in range(2):
        assert bora.delete(f"{said}{gone}").json == {"seq": 4}
    refused(bora.put(f"{said}/reactions/👍?clientId=%20"), 400, "invalid")
    assert stored()[-1]["clientId"] == "change-2"


@pytest.mark.parametrize("emoji", ["a", "1", "<b>", "%00", "ok 👍"])
def test_what_is_no_emoji(bora, said, emoji):
    refused(bora.put(f"{said}/reactions/{emoji}"), 400, "invalid")


def test_more_than_one_emoji(bora, said):
    refused(bora.put(f"{said}/reactions/{'👍' * 17}"), 413, "too_long")


@pytest.mark.parametrize("seq", [0, 2, 99, 2**53])
def test_there_is_nothing_to_change(bora, hall, said, seq):
    answer = bora.patch(f"{hall}/messages/{seq}", json={"message": "x"})
    assert answer.status_code in (400, 404)
    assert page(bora, hall)["seq"] == 1


def test_a_change_cannot_be_changed(bora, hall, said):
    bora.patch(said, json={"message": "hello"})
    refused(bora.patch(f"{hall}/messages/2", json={"message": "x"}), 404, "not_found")
