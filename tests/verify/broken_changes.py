"""The same of what people change: names, roles, who belongs to which rooms; and of the archive."""

from dataclasses import replace

from tests.verify.story import ROOM
from verify.history import DirectCall


def named_by_a_name_that_was_given_up(story):
    story.rename("ben", "benjamin")
    story.wait(10)
    story.names["ben"] = "ben"
    story.say("ben.1")


def named_by_a_name_of_later(story):
    story.names["ben"] = "benjamin"
    story.say("ben.1")
    story.wait()
    story.names["ben"] = "ben"
    story.rename("ben", "benjamin")


def enters_by_the_name_of_another(story):
    story.leave("ben.1")
    story.names["ben"] = "ann"
    story.join("ben.1")


def listed_by_a_name_that_was_given_up(story):
    story.rename("ben", "benjamin")
    story.settle(names={ROOM: {"ann": "ann", "ben": "ben"}})


def deleted_by_somebody_who_is_no_moderator(story):
    story.delete("ben.1", 1)


def deleted_by_somebody_who_is_no_moderator_any_more(story):
    story.give_role("ben", "moderator")
    story.give_role("ben", "member")
    story.delete("ben.1", 1)


def refused_to_a_moderator(story):
    story.give_role("ben", "moderator")
    story.wait()
    story.refuse_deletion("ben.1", 1)


def a_room_that_is_not_in_the_list(story):
    story.settle(own_rooms={"ann": {ROOM: "member"}, "ben": {}})


def a_room_in_the_list_of_who_was_taken_out(story):
    story.take_out("ben")
    story.settle(own_rooms={"ben": {ROOM: "member"}})


def a_room_in_the_list_of_a_stranger(story):
    story.settle(own_rooms={"dan": {ROOM: "member"}})


def a_role_that_nobody_has_given(story):
    story.settle(own_rooms={"ben": {ROOM: "moderator"}})


def one_more_unread_than_there_are(story):
    story.settle(unread={"ann": {ROOM: (0, 1)}}, said={ROOM: [(1, "ann")]})


def none_unread_though_there_is_one(story):
    story.settle(unread={"ben": {ROOM: (0, 0)}}, said={ROOM: [(1, "ann")]})


def a_direct_room_that_is_not_in_the_list(story):
    asked_for_direct(story, "ann ben", "d1")
    story.settle(own_rooms={"ann": {ROOM: "member"}})


def two_direct_rooms_of_the_same_people(story):
    asked_for_direct(story, "ann ben", "d1")
    asked_for_direct(story, "ann ben", "d2")


def one_direct_room_of_two_groups(story):
    asked_for_direct(story, "ann ben", "d1")
    asked_for_direct(story, "ann ben cho", "d1")


def asked_for_direct(story, people, room):
    story.wait()
    call = DirectCall(frozenset(people.split()), story.at, story.at + 100, room)
    story.history.direct_calls.append(call)


def archived_otherwise_than_stored(story):
    story.settle()
    stored = story.history.stored[ROOM]
    story.history.stored[ROOM] = replace(stored, archived=stored.archived[1:])


BROKEN_CHANGES = {
    archived_otherwise_than_stored: "the_archive_is_the_stream",
    named_by_a_name_that_was_given_up: "senders_are_named_as_of_then",
    named_by_a_name_of_later: "senders_are_named_as_of_then",
    enters_by_the_name_of_another: "senders_are_named_as_of_then",
    listed_by_a_name_that_was_given_up: "names_are_true",
    deleted_by_somebody_who_is_no_moderator: "roles_allow_what_they_should",
    deleted_by_somebody_who_is_no_moderator_any_more: "roles_allow_what_they_should",
    refused_to_a_moderator: "roles_allow_what_they_should",
    one_more_unread_than_there_are: "unread_is_exact",
    none_unread_though_there_is_one: "unread_is_exact",
    a_room_that_is_not_in_the_list: "own_rooms_are_true",
    a_room_in_the_list_of_who_was_taken_out: "own_rooms_are_true",
    a_room_in_the_list_of_a_stranger: "own_rooms_are_true",
    a_role_that_nobody_has_given: "own_rooms_are_true",
    a_direct_room_that_is_not_in_the_list: "own_rooms_are_true",
    two_direct_rooms_of_the_same_people: "direct_rooms_are_one",
    one_direct_room_of_two_groups: "direct_rooms_are_one",
}
