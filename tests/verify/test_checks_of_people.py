"""What people may change, be called and belong to is not taken for a fault."""

from tests.verify.story import ROOM
from verify.history import InjectedFault


def test_who_may_come_back_by_itself_after_a_while_does(story):
    removal = story.take_out("ben", "removed")
    removal.lapses = removal.called + 24_000
    story.note("ben.1", "notice", code="kicked", message="You are no member any more")
    story.wait(30)
    story.join("ben.1")
    story.say("ben.1", "here again")
    story.settle()
    assert story.violated() == set()


def test_who_has_ended_the_own_membership_goes_without_a_leave(story):
    story.history.kinds[ROOM] = "direct"
    story.history.admitted = {("ann", ROOM): "member", ("ben", ROOM): "member"}
    removal = story.take_out("ben", "left", reason="left")
    story.note("ben.1", "notice", code="kicked", message="You are no member any more")
    story.settle(own_rooms={"ann": {ROOM: "member"}, "ben": {}})
    story.let_in(removal)
    story.settle(own_rooms={"ann": {ROOM: "member"}, "ben": {ROOM: "member"}})
    assert story.violated() == set()


def test_a_name_that_was_just_given_up_may_still_be_told(story):
    story.rename("ben", "benjamin")
    story.names["ben"] = "ben"
    story.say("ben.1", "by the old name")
    story.names["ben"] = "benjamin"
    story.say("ben.1", "by the new one")
    story.settle()
    assert story.violated() == set()


def test_a_worker_that_could_not_hear_may_tell_an_earlier_name(story):
    story.history.faults.append(InjectedFault("store-unsubscribe", story.at, story.at + 6_000))
    story.rename("ben", "benjamin")
    story.wait(12)
    story.names["ben"] = "ben"
    story.say("ben.1", "by the old name")
    assert story.violated() == set()


def test_what_only_workers_are_told_may_name_a_person_as_before(story):
    """A ban may have been asked for long before the store carried it out."""
    story.rename("ben", "benjamin")
    story.wait(12)
    story.names["ben"] = "ben"
    story.tell("REMOVED", "ben")
    assert "senders_are_named_as_of_then" not in story.violated()


def test_moderators_delete_what_others_have_said_and_members_do_not(story):
    story.refuse_deletion("ben.1", 1)
    story.give_role("ben", "moderator")
    story.delete("ben.1", 1)
    story.settle(own_rooms={"ben": {ROOM: "moderator"}})
    story.give_role("ben", "member")
    story.refuse_deletion("ben.1", 3)
    story.settle(own_rooms={"ben": {ROOM: "member"}})
    assert story.violated() == set()
