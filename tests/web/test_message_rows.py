"""What the rows of a page of messages show."""

import pytest

from chat.web.pages.message_rows import message_rows

#: 2026-11-23 15:12:00 UTC.
AFTERNOON = 1_795_446_720_000
MINUTE = 60_000
HOUR = 60 * MINUTE


def talk(seq, sender="bora", at=AFTERNOON, text="hello"):
    return {"type": "TALK", "seq": seq, "sender": sender, "sentAt": at, "message": text}


def edit(ref, text, client_id=None):
    return {"type": "EDIT", "ref": ref, "message": text, "clientId": client_id}


def react(ref, sender, emoji="👍", on=True):
    return {"type": "REACT", "ref": ref, "sender": sender, "emoji": emoji, "on": on}


@pytest.fixture
def rows(app):
    """The rows of these messages, as a browser in Korea is shown them."""

    def show(*messages):
        with app.test_request_context(headers={"Cookie": "tz=Asia/Seoul"}):
            return message_rows(messages)

    return show


def test_a_message_that_nobody_changed(rows):
    [row] = rows(talk(1))
    assert (row.text, row.edited, row.reactions) == ("hello", False, {})
    assert (row.begins_day, row.follows) == (True, False)


def test_the_newest_edit_is_shown(rows):
    [row] = rows(talk(1), edit(1, "hallo"), edit(1, "hullo"))
    assert (row.text, row.edited) == ("hullo", True)


def test_an_edit_that_was_stored_twice_does_not_undo_a_later_one(rows):
    [row] = rows(talk(1), edit(1, "hallo", "a"), edit(1, "hullo", "b"), edit(1, "hallo", "a"))
    assert row.text == "hullo"


def test_reactions_have_the_names_of_those_who_stand_by_them(rows):
    [row] = rows(
        talk(1),
        *(react(1, "ann"), react(1, "ben"), react(1, "ann", on=False), react(1, "ann")),
        *(react(1, "cat", "🎉"), react(1, "cat", "🎉", on=False)),
    )
    assert row.reactions == {"👍": ["ann", "ben"]}


@pytest.mark.parametrize(
    ("sender", "later", "begins_day", "follows"),
    [
        ("bora", 5 * MINUTE - 1, False, True),
        ("bora", 5 * MINUTE, False, False),
        ("dan", 1, False, False),
        ("bora", 24 * HOUR, True, False),
    ],
)
def test_messages_form_groups_and_days(rows, sender, later, begins_day, follows):
    _, row = rows(talk(1), talk(2, sender, AFTERNOON + later))
    assert (row.begins_day, row.follows) == (begins_day, follows)


def test_midnight_in_the_zone_of_the_reader_parts_a_group(rows):
    midnight = AFTERNOON - 12 * MINUTE
    _, row = rows(talk(1, at=midnight - 1), talk(2, at=midnight))
    assert (row.begins_day, row.follows) == (True, False)
