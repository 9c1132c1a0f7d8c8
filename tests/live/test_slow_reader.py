"""A client that does not read is closed and can connect again; others notice nothing."""

import itertools
import json
import threading

import psutil

from tests.live.client import settle
from tests.live.raw import Closed, Raw
from tests.waiting import eventually

#: Long, so that the buffers of the system do not hold many.
WORDS = "마루" * 600
#: Bytes that the worker may grow by: one outbox of such messages, and change.
GROWTH = 100 * 2**20


def test_a_reader_that_stalls_is_cut_off_with_a_reason_and_resumes(own_maru):
    maru = own_maru(workers=1)
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    worker = psutil.Process(maru.workers()[0])
    witness = ben.connect()
    witness.join(room)
    stalled = Raw(ann, receive_buffer=65_536).introduce()
    epoch = stalled.call(1, "join", roomId=room)["epoch"]
    before = worker.memory_info().rss

    enough = threading.Event()
    speakers = [threading.Thread(target=_speak, args=(ben, room, enough)) for _ in range(4)]
    for speaker in speakers:
        speaker.start()
    eventually(lambda: "ann" not in maru.admin.present(room), 60)
    enough.set()
    read, last = _read_to_the_end(stalled)
    for speaker in speakers:
        speaker.join()

    assert worker.memory_info().rss - before < GROWTH
    settle(room, witness)
    heard = [message["seq"] for message in witness.messages("TALK")]
    assert heard == list(range(1, len(heard) + 1))
    assert read == heard[: len(read)] and len(read) < len(heard)
    assert last == "slow"

    back = Raw(ann).introduce()
    answer = back.call(1, "join", roomId=room, since=heard[-10], epoch=epoch)
    assert answer["recovered"] is True and answer["userCount"] == 2
    assert [message["seq"] for message in answer["messages"]][:9] == heard[-9:]
    back.abort()
    witness.close()


def _speak(api, room, enough):
    connection = Raw(api).introduce()
    connection.call(1, "join", roomId=room)
    numbers = itertools.count(2)
    while not enough.is_set():
        assert connection.call(next(numbers), "message", roomId=room, message=WORDS)["ok"]
    connection.abort()


def _read_to_the_end(connection):
    """The numbers of the messages, and the code of the notice that came last."""
    events = []
    try:
        while True:
            frame = connection.receive()
            if frame.startswith("42"):
                events.append(json.loads(frame[2:]))
    except Closed:
        messages = [payload for event, payload in events if event == "message"]
        return [m["seq"] for m in messages if "seq" in m], events[-1][1].get("code")
