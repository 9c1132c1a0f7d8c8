"""What the rows of a page of messages show."""

import pytest

from chat.web.pages.message_rows import message_rows, people_of

#: 2026-11-23 15:12:00 UTC.
AFTERNOON = 1_795_446_720_000
MINUTE = 60_000
HOUR = 60 * MINUTE
SHOWN = {"id-of-bora": "Bora Kim", "id-of-ann": "Ann"}


def talk(seq, sender="bora", at=AFTERNOON, **more):
    said = {"sender": sender, "senderId": f"id-of-{sender}", "message": "hello"}
    return {"type": "TALK", "seq": seq, "sentAt": at, **said, **more}


@pytest.fixture
def rows(app):
    """The rows of these messages, as a browser in Korea is shown them."""

    def show(*messages):
        with app.test_request_context(headers={"Cookie": "tz=Asia/Seoul"}):
            return message_rows(messages, SHOWN, {"id-of-dan": "deleted"})

    return show


def test_a_message_that_nobody_changed(rows):
    [row] = rows(talk(1))
    assert (row.talk, row.reactions, row.gone) == (talk(1), {}, "")
    assert (row.begins_day, row.follows) == (True, False)


def test_a_sender_is_shown_by_the_present_name(rows):
    assert [row.shown for row in rows(talk(1), talk(2, "cat"))] == ["Bora Kim", "cat"]


def test_whose_account_is_deleted_is_marked(rows):
    assert [row.gone for row in rows(talk(1), talk(2, "dan"))] == ["", "deleted"]


def test_reactions_have_the_present_names_of_those_who_stand_by_them(rows):
    [row] = rows(talk(1, reactions={"👍": ["id-of-ann", "id-of-cat"], "🎉": ["id-of-ann"]}))
    assert row.reactions == {
        "👍": {"id-of-ann": "Ann", "id-of-cat": "id-of-cat"},
        "🎉": {"id-of-ann": "Ann"},
    }


def test_the_people_of_messages_are_those_who_sent_them_or_reacted():
    talks = [talk(1), talk(2, "dan", reactions={"👍": ["id-of-ann", "id-of-bora"]})]
    assert people_of(talks) == {"id-of-bora", "id-of-dan", "id-of-ann"}


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
