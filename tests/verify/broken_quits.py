"""The same of QUIT: Ben is lost, or taken out of the room."""

from tests.verify.story import EPOCH
from verify.history import Removal


def gone_too_late(story):
    story.lose("ben.1")
    story.wait(12)
    story.go("ben", "lost")


def never_gone(story):
    story.lose("ben.1")
    for _ in range(12):
        story.say("ann.0")


def received_after_being_taken_out(story):
    story.take_out("ben")
    said = story.stream[story.say("ann.0", "a secret")]
    story.note("ben.1", "received", **said)


def speaks_after_being_taken_out(story):
    story.take_out("ben")
    story.say("ben.1", "I am still here")


def comes_back_after_being_taken_out(story):
    story.take_out("ben")
    story.note("ben.1", "notice", code="kicked", message="You are no member any more")
    story.join("ben.1")


def speaks_once_more_over_http(story):
    story.take_out("ben")
    story.say("ben.1/http", "a program of his")


def reads_what_was_said_after_being_taken_out(story):
    story.note("ben.1", "call", event="history", after=0)
    story.take_out("ben")
    said = story.stream[story.say("ann.0", "a secret")]
    answer = {"ok": True, "messages": [said], "epoch": EPOCH, "seq": story.top, "more": False}
    story.note("ben.1", "answer", event="history", after=0, answer=answer)


def taken_out_by_nobody(story):
    story.members.remove("ben.1")
    story.go("ben", "kicked")


def taken_out_of_another_room(story):
    story.history.removals.append(Removal("attic", "ben", story.at))
    taken_out_by_nobody(story)


BROKEN_QUITS = {
    gone_too_late: "quits_are_soon",
    never_gone: "quits_are_soon",
    received_after_being_taken_out: "nothing_after_a_removal",
    speaks_after_being_taken_out: "nothing_after_a_removal",
    comes_back_after_being_taken_out: "nothing_after_a_removal",
    speaks_once_more_over_http: "nothing_after_a_removal",
    reads_what_was_said_after_being_taken_out: "nothing_after_a_removal",
    taken_out_by_nobody: "quits_are_real",
    taken_out_of_another_room: "quits_are_real",
}
