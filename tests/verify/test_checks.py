"""Each check finds what breaks its rule, and nothing else is taken for a fault."""

from dataclasses import replace

import pytest

from tests.verify.broken import BROKEN, page
from tests.verify.story import EPOCH, ROOM, WORKER, received
from verify.checks import CHECKS, EARLY, run_checks
from verify.history import InjectedFault, LinkState, Published, Snapshot


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__)
def test_what_breaks_a_rule_is_found(story, breaks):
    breaks(story)
    assert BROKEN[breaks] in story.violated()


def test_every_check_has_a_history_that_breaks_it():
    assert {check.__name__ for check in CHECKS} == set(BROKEN.values())


def test_a_history_in_which_all_goes_well_breaks_none(story):
    story.delete("ann.0", 1)
    story.edit("ann.0", 3, "trois")
    edit = story.stream[story.top]
    edited = {"editedAt": edit["sentAt"], "editClientId": edit["clientId"]}
    story.settle(read={3: {**story.stream[3], "message": "trois", **edited}})
    assert run_checks(story.history) == []
    assert run_checks(story.history.so_far(), EARLY) == []


def test_a_message_that_was_never_acknowledged_may_be_stored_or_not(story):
    story.note("ann.0", "call", event="message", message="lost", clientId="lost")
    unanswered = {"message": "hm", "clientId": "unanswered"}
    story.note("ben.1", "call", event="message", **unanswered)
    story.tell("TALK", "ben", **unanswered, seq=story.top + 1)
    story.settle()
    assert story.violated() == set()


def test_what_was_deleted_is_no_hole(story):
    story.delete("ben.1", 2)
    story.join("cho.2")
    story.lose("ben.1")
    story.join("ben.1")
    story.settle(truth={ROOM: {"ann": 1, "ben": 2, "cho": 1}}, present={ROOM: {**story.present}})
    assert story.violated() == set()


@pytest.mark.parametrize(
    ("missed", "violated"),
    [
        ([20_000] * 60, set()),
        ([20_000] * 40, {"pages_are_whole"}),
        ([1] * 1001, set()),
        ([1] * 1000, {"pages_are_whole"}),
    ],
    ids=["1.2 MB", "0.8 MB", "1001 messages", "1000 messages"],
)
def test_who_missed_too_much_at_once_begins_with_the_newest_page(story, missed, violated):
    story.be_away("ben.1", missed)
    newest = [story.stream[seq] for seq in sorted(story.stream)[-50:]]
    story.join("ben.1", recovered=False, messages=newest)
    story.settle()
    assert story.violated() == violated


def test_who_missed_too_much_is_not_given_all_of_it(story):
    story.be_away("ben.1", missed=[20_000] * 60)
    story.join("ben.1")
    assert story.violated() == {"pages_are_whole"}


def test_of_what_was_missed_that_is_not_counted_which_was_deleted_before(story):
    story.be_away("ben.1", missed=[20_000] * 60)
    for ref in range(5, 25):
        story.delete("ann.0", ref)
    story.join("ben.1")
    story.settle()
    assert story.violated() == set()


def test_a_hole_may_only_have_been_erased_before(story):
    answer = page(seqs=(4,), seq=4)
    story.note("ann.0", "answer", event="history", after=2, answer=answer)
    story.delete("ann.0", 3)
    assert "pages_are_whole" in story.violated()


def test_who_was_lost_for_longer_than_the_grace_may_go_and_come_again(story):
    story.lose("ben.1")
    story.wait(2.5)
    story.go("ben", "lost")
    story.join("ben.1")
    story.settle()
    assert story.violated() == set()


def test_the_people_of_a_worker_that_was_stopped_may_go_and_come_again(story):
    stopped = InjectedFault("worker-stop", story.at, story.at + 14_000, frozenset({WORKER}))
    story.history.faults.append(stopped)
    story.wait(13)
    story.go("ben", "lost")
    story.wait()
    story.present["ben"] = 1
    story.tell("ENTER", "ben")
    story.settle()
    assert story.violated() == set()


def test_another_workers_trouble_is_no_excuse(story):
    stopped = InjectedFault("worker-stop", story.at, story.at + 14_000, frozenset({WORKER + 1}))
    story.history.faults.append(stopped)
    story.wait(13)
    story.go("ben", "lost")
    assert "quits_are_real" in story.violated()


def test_who_is_let_in_again_goes_on(story):
    removal = story.take_out("ben")
    story.note("ben.1", "notice", code="kicked", message="You are no member any more")
    story.say("ann.0", "a secret")
    refusal = {"ok": False, "error": {"code": "not_found"}}
    story.note("ben.1", "call", event="message", message="me", clientId="c9")
    story.note("ben.1", "answer", event="message", message="me", clientId="c9", answer=refusal)
    story.let_in(removal)
    story.join("ben.1")
    story.say("ben.1", "thanks")
    story.settle()
    assert story.violated() == set()


def test_what_was_said_before_a_removal_may_arrive_after_it(story):
    said = story.stream[story.say("ann.0", "the last word")]
    story.drop(received("ben.1", seq=said["seq"]))
    story.take_out("ben")
    story.note("ben.1", "received", **said)
    assert story.violated() == set()


def test_a_join_under_way_when_somebody_is_taken_out_comes_after_it(story):
    removal = story.take_out("ben")
    story.let_in(removal)
    story.note("ben.1", "call", event="join")
    story.note("ben.1", "notice", code="kicked", message="You are no member any more")
    story.enter("ben.1")
    page = {"epoch": EPOCH, "seq": story.top, "recovered": False}
    answer = {"ok": True, "userCount": 2, "messages": list(story.stream.values()), **page}
    story.note("ben.1", "answer", event="join", answer=answer)
    story.note("ben.1", "fresh", why="kicked", seq=story.top)
    story.say("ann.0", "welcome")
    story.settle()
    assert story.violated() == set()


@pytest.mark.parametrize(
    ("kind", "violated"),
    [("store-pause", set()), ("worker-stop", set()), ("net-away", {"quits_are_soon"})],
)
def test_a_quit_may_be_late_where_worker_or_store_was_not_well(story, kind, violated):
    story.wait(30)
    story.history.faults.append(InjectedFault(kind, story.at - 9_000, story.at - 8_000))
    story.lose("ben.1")
    story.wait(12)
    story.go("ben", "lost")
    assert story.violated() == violated


def test_who_comes_back_in_time_need_not_go(story):
    story.lose("ben.1")
    story.wait(5)
    story.join("ben.1")
    for _ in range(12):
        story.say("ann.0")
    assert story.violated() == set()


def test_what_nobody_could_receive_is_not_checked(story):
    story.history.gaps.append((story.at, story.at + 500))
    present = {**story.present, "dan": 1}
    story.history.channel_log.append(Snapshot(story.at + 500, ROOM, present))
    story.present = present
    who = {"sender": "dan", "senderId": "dan"}
    unseen = {"type": "ENTER", "roomId": ROOM, **who, "userCount": 3}
    story.note("ann.0", "received", **unseen, sentAt=int(story.at + 100))
    story.wait()
    story.say("ann.0")
    assert story.violated() == set()


def test_what_a_worker_did_not_hear_its_clients_may_miss(story):
    who = {"sender": "ben", "senderId": "ben"}
    unseen = {"type": "QUIT", "roomId": ROOM, **who, "reason": "left"}
    story.wait()
    story.note("ben.1", "call", event="leave")
    del story.present["ben"]
    story.members.remove("ben.1")
    message = {**unseen, "sentAt": int(story.at), "userCount": 1}
    story.history.channel_log.append(Published(story.at, ROOM, message))
    story.note("ben.1", "answer", event="leave", answer={"ok": True, "userCount": 1})
    story.say("ann.0")
    story.settle()
    assert story.violated() == set()


def test_what_a_worker_was_told_just_before_it_was_cut_off_its_clients_may_miss(story):
    story.join("dan.2")
    for client in ("ann.0", "ben.1", "dan.2"):
        story.drop(received(client, type="ENTER", sender="dan"))
    told = story.history.received_by[WORKER]
    place = next(i for i, item in enumerate(told) if item.message["sender"] == "dan")
    cut_off = LinkState(WORKER, closed_at=told[place].at + 300)
    told[place] = replace(told[place], link_state=cut_off)
    story.leave("ben.1")
    assert story.violated() == set()
    cut_off.closed_at += 20_000
    assert story.violated() == {"announcements_are_received"}


def test_what_a_worker_was_told_before_something_that_it_passed_on_its_clients_do_not_miss(story):
    story.join("dan.2")
    story.drop(received("ann.0", type="ENTER", sender="dan"))
    story.leave("ben.1")
    told = story.history.received_by[WORKER]
    cut_off = LinkState(WORKER, closed_at=told[-1].at + 300)
    told[:] = [replace(item, link_state=cut_off) for item in told]
    assert story.violated() == {"announcements_are_received"}


def test_what_was_refused_may_be_said_again_later(story):
    call = {"event": "message", "message": "first", "clientId": "first"}
    story.note("ann.0", "call", **call)
    refusal = {"ok": False, "error": {"code": "unavailable"}}
    story.note("ann.0", "answer", **call, answer=refusal)
    story.say("ann.0", "second")
    story.say("ann.0", "first", clientId="first")
    assert story.violated() == set()


def test_a_join_that_was_refused_may_have_been_told_before_it_is_repeated(story):
    story.connect("cat.2")
    story.note("cat.2", "call", event="join")
    refusal = {"ok": False, "error": {"code": "unavailable"}}
    story.note("cat.2", "answer", event="join", answer=refusal)
    story.wait()
    story.present["cat"] = 1
    story.tell("ENTER", "cat")
    story.join("cat.2")
    story.join("dan.3")
    assert story.violated() == set()


@pytest.mark.parametrize("how", ["stalls", "is held up"])
@pytest.mark.parametrize(("stalled", "violated"), [(5.5, set()), (1.5, {"quits_are_real"})])
def test_who_does_not_read_for_long_may_go_and_come_again(story, stalled, violated, how):
    if how == "stalls":
        story.note("ben.1", "stalls", "")
    else:
        held = story.history.link_states[story.links["ben.1"]].held
        held.append((story.at, story.at + stalled * 1000))
    story.wait(stalled)
    story.go("ben", "lost")
    story.members.remove("ben.1")
    if how == "stalls":
        story.note("ben.1", "reads", "")
    story.note("ben.1", "end", "", why="closed by the client")
    del story.links["ben.1"]
    story.join("ben.1")
    story.settle()
    assert story.violated() == violated


def test_the_excerpt_is_short_and_shows_what_matters(story):
    for _ in range(200):
        story.say("ann.0")
    story.drop(received("ben.1", seq=100))
    [violation] = run_checks(story.history)
    assert "ben.1 received 101 after 99: 100 is missing" in violation.text
    assert len(violation.excerpt) <= 18
    assert any("received" in line and " 101 " in line for line in violation.excerpt)
    assert any("the store" not in line and "ben.1" in line for line in violation.excerpt)
