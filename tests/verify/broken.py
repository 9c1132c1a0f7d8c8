"""Ways to break a history in which Ann and Ben talk, and the check that has to find each."""

from dataclasses import replace

from tests.verify.broken_changes import BROKEN_CHANGES
from tests.verify.broken_quits import BROKEN_QUITS
from tests.verify.story import EPOCH, ROOM, received, shown
from verify.history import Count, InjectedFault, Snapshot


def acknowledged_but_not_stored(story):
    story.say("ben.1")
    del story.stream[5]
    story.settle()


def stored_twice(story):
    story.say("ben.1", clientId="again")
    story.say("ben.1", clientId="again")
    story.settle()


def stored_twice_and_never_acknowledged(story):
    said = {"message": "hm", "clientId": "again"}
    story.note("ben.1", "call", event="message", **said)
    for _ in range(2):
        story.tell("TALK", "ben", **said, seq=story.top + 1)
    story.settle()


def stored_though_nobody_said_it(story):
    story.tell("TALK", "ben", message="I, Ben", clientId="c99", seq=story.top + 1)


def erased_without_a_delete(story):
    story.settle()
    del story.stream[2]
    story.erased.add(2)
    story.store({})


def served_otherwise_than_stored(story):
    story.settle()
    stored = story.history.stored[ROOM]
    story.history.stored[ROOM] = replace(stored, served=stored.served[1:])


def another_message_under_the_same_number(story):
    story.settle()
    story.note("ben.1", "answer", event="history", after=3, answer=page(message="forged"))


def said_later_with_a_smaller_number(story):
    story.say("ann.0", seq=6)
    story.say("ben.1", seq=5)
    story.settle()


def said_first_and_stored_second(story):
    for number in (1, 2):
        said = {"event": "message", "message": "both at once", "clientId": f"p{number}"}
        story.note("ann.0", "call", **said)
    for number in (1, 2):
        said = {"event": "message", "message": "both at once", "clientId": f"p{number}"}
        answer = {"ok": True, "seq": 7 - number, "sentAt": 1, "userCount": 2}
        story.note("ann.0", "answer", **said, answer=answer)


def shown_with_a_hole(story):
    story.drop(shown("ann.0", 3))


def shown_twice(story):
    story.double(shown("ann.0", 3))


def received_with_a_hole(story):
    story.drop(received("ann.0", seq=2))


def received_twice(story):
    story.double(received("ann.0", seq=2))


def received_after_leaving(story):
    story.leave("ben.1")
    story.note("ben.1", "received", **story.stream[4])


def a_page_with_a_hole(story):
    story.lose("ben.1")
    story.wait(20)
    story.go("ben", "lost")
    for words in ("five", "six"):
        story.say("ann.0", words)
    story.join("ben.1", messages=[story.stream[6]])


def a_page_that_stops_short(story):
    story.note("ben.1", "answer", event="history", after=2, answer=page(seqs=(3,), seq=4))


def a_page_with_more_than_what_was_said(story):
    story.note("ben.1", "answer", event="history", after=3, answer=page(type="EDIT", ref=1))


def a_page_in_words_that_no_edit_has(story):
    story.edit("ann.0", 4, "quatre")
    forged = page(message="cinq", editedAt=story.stream[5]["sentAt"])
    story.note("ben.1", "answer", event="history", after=3, answer=forged)


def served_with_an_earlier_text(story):
    story.edit("ann.0", 4, "quatre")
    story.settle()


def not_recovered_though_all_is_there(story):
    story.lose("ann.0")
    story.join("ann.0", recovered=False)


def refused_for_no_reason(story):
    refusal = {"ok": False, "error": {"code": "error", "message": "Something went wrong"}}
    story.note("ann.0", "answer", event="message", clientId="c9", answer=refusal)


def a_reset(story):
    story.note("ann.0", "notice", code="reset", message="Join again")


def quit_twice(story):
    story.leave("ben.1")
    story.tell("QUIT", "ben", reason="left")


def entered_twice(story):
    story.tell("ENTER", "ben")


def a_count_that_is_one_off(story):
    story.present["nobody"] = 1
    story.say("ann.0")


def joined_without_an_enter(story):
    story.history.channel_log = [
        published
        for published in story.history.channel_log
        if isinstance(published, Snapshot)
        or published.message["senderId"] != "ben"
        or "seq" in published.message
    ]


def left_without_a_quit(story):
    story.connect("cho.2")
    story.join("cho.2")
    story.present["cho"] += 1
    story.leave("cho.2")


def enters_without_a_join(story):
    story.present["dan"] = 1
    story.tell("ENTER", "dan")


def gone_while_here(story):
    story.go("ben", "lost")


def gone_within_the_grace(story):
    story.lose("ben.1")
    story.wait(1)
    story.go("ben", "lost")


def left_without_a_leave(story):
    story.lose("ben.1")
    story.wait(20)
    story.go("ben", "left")
    story.go("ann", "left")


def gone_because_the_store_was_away(story):
    story.history.faults.append(InjectedFault("store-pause", story.at, story.at + 30_000))
    story.wait(30)
    story.go("ben", "lost")


def an_enter_not_received(story):
    story.drop(received("ann.0", type="ENTER", sender="ben", userCount=2))


def own_enter_not_received(story):
    story.drop(received("ben.1", type="ENTER", sender="ben"))
    story.leave("ann.0")


def a_quit_received_twice(story):
    story.double(received("ann.0", type="QUIT"))


def a_quit_received_that_nobody_told(story):
    who = {"sender": "ben", "senderId": "ben"}
    forged = {"type": "QUIT", "roomId": ROOM, **who, "userCount": 1}
    story.note("ann.0", "received", **forged, sentAt=int(story.at))


def never_settled(story):
    story.settle(problems=("ann.0 has no connection",))


def a_ghost(story):
    story.settle(present={ROOM: {"ann": 1, "ben": 2}})


def a_lease_of_nobody(story):
    story.settle(leases={ROOM: 3})


def a_count_that_is_not_the_truth(story):
    story.settle(counts=[Count(ROOM, "newest received by ann.0", 3)])


def a_negative_count(story):
    story.note(
        "ann.0",
        "received",
        type="ENTER",
        userCount=-1,
        sender="ben",
        senderId="ben",
        sentAt=int(story.at),
    )


def somebody_is_behind(story):
    story.settle(tops={("ann.0", ROOM): 3, ("ben.1", ROOM): 4})


def the_log_tells_of_trouble(story):
    story.history.log_errors.append("ERROR chat.live.dispatch: An event failed")


def page(seqs=(4,), seq=4, **changed):
    talk = {"type": "TALK", "sender": "ann", "senderId": "ann", **changed}
    messages = [{"seq": n, **talk} for n in seqs]
    return {"ok": True, "messages": messages, "epoch": EPOCH, "seq": seq, "more": False}


BROKEN = {
    **BROKEN_QUITS,
    **BROKEN_CHANGES,
    acknowledged_but_not_stored: "acknowledged_is_stored",
    stored_twice: "nothing_is_doubled",
    stored_twice_and_never_acknowledged: "nothing_is_doubled",
    stored_though_nobody_said_it: "nothing_is_invented",
    erased_without_a_delete: "numbers_are_dense",
    served_otherwise_than_stored: "numbers_are_dense",
    another_message_under_the_same_number: "a_number_is_one_message",
    said_later_with_a_smaller_number: "order_is_that_of_time",
    said_first_and_stored_second: "calls_keep_their_order",
    shown_with_a_hole: "shown_in_order",
    shown_twice: "shown_in_order",
    received_with_a_hole: "received_in_order",
    received_twice: "received_in_order",
    received_after_leaving: "received_in_order",
    a_page_with_a_hole: "pages_are_whole",
    a_page_that_stops_short: "pages_are_whole",
    a_page_with_more_than_what_was_said: "pages_are_whole",
    a_page_in_words_that_no_edit_has: "a_number_is_one_message",
    served_with_an_earlier_text: "numbers_are_dense",
    not_recovered_though_all_is_there: "pages_are_whole",
    refused_for_no_reason: "nothing_is_refused",
    a_reset: "no_room_is_reset",
    quit_twice: "enters_and_quits_alternate",
    entered_twice: "enters_and_quits_alternate",
    a_count_that_is_one_off: "counts_are_exact",
    joined_without_an_enter: "joins_are_announced",
    left_without_a_quit: "leaves_are_announced",
    enters_without_a_join: "enters_are_real",
    gone_while_here: "quits_are_real",
    gone_within_the_grace: "quits_are_real",
    left_without_a_leave: "quits_are_real",
    gone_because_the_store_was_away: "quits_are_real",
    an_enter_not_received: "announcements_are_received",
    own_enter_not_received: "announcements_are_received",
    a_quit_received_twice: "announcements_come_once",
    a_quit_received_that_nobody_told: "announcements_come_once",
    never_settled: "everything_settles",
    a_ghost: "who_is_here_is_true",
    a_lease_of_nobody: "who_is_here_is_true",
    a_count_that_is_not_the_truth: "counts_agree",
    a_negative_count: "no_count_is_negative",
    somebody_is_behind: "everybody_has_everything",
    the_log_tells_of_trouble: "nothing_breaks",
}
