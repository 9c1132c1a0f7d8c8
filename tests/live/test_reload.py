"""A reload of all workers under load: clients get a notice, and no message is lost."""

import signal
import threading
import uuid

from tests.live.client import Client, Refused, settle
from tests.waiting import eventually


class Reloading:
    """Talks as a page does: comes back when its connection ends, and repeats what is unanswered."""

    def __init__(self, api, room):
        self.api, self.room = api, room
        self.acknowledged: list[int] = []
        self.heard: dict[int, str] = {}
        self.notices: list[str] = []
        #: Whom it was told to be gone.
        self.gone: list[str] = []
        self._client, answer = self._join({})
        self._epoch = answer["epoch"]

    def say(self, message: str) -> None:
        name = str(uuid.uuid4())

        def attempt():
            try:
                answer = self._client.call(
                    "message", roomId=self.room, message=message, clientId=name
                )
            except Exception:
                self._return()
                return None
            return answer["seq"] if answer["ok"] else None

        self.acknowledged.append(eventually(attempt, 60))

    def read(self) -> dict[int, str]:
        """All that it was sent, over all of its connections."""
        self._collect()
        return self.heard

    def _return(self) -> None:
        self._collect()
        self._client.close()
        seen = {"since": max(self.heard, default=0), "epoch": self._epoch}
        self._client, answer = eventually(lambda: self._join(seen), 60)
        assert answer["recovered"] is True
        self._note(answer["messages"])

    def _join(self, seen):
        try:
            client: Client = self.api.connect()
        except Refused:
            return None
        try:
            return client, client.join(self.room, **seen)
        except (ConnectionError, AssertionError):
            # To a worker that is about to go, or while it says so.
            client.close()
            return None

    def _collect(self) -> None:
        self._note(self._client.messages("TALK"))
        self.notices += [p["code"] for event, p in self._client.heard if event == "notice"]
        self.gone += [quit["sender"] for quit in self._client.messages("QUIT")]

    def _note(self, messages) -> None:
        for message in messages:
            known = self.heard.setdefault(message["seq"], message["message"])
            assert known == message["message"]


def test_a_reload_of_all_workers_drops_nothing(own_maru):
    maru = own_maru(PRESENCE_LEASE="30", PRESENCE_GRACE="30")
    people = [maru.register(name) for name in ("ann", "ben", "cho", "dan")]
    room = people[0].create_room()
    talkers = [Reloading(api, room) for api in people]
    old = set(maru.workers())
    done = threading.Event()

    def talk(talker):
        for i in range(1000):
            if done.is_set():
                break
            talker.say(f"{talker.api.name} {i}")

    threads = [threading.Thread(target=talk, args=(talker,)) for talker in talkers]
    for thread in threads:
        thread.start()
    maru.signal(signal.SIGHUP)
    eventually(lambda: not old & set(maru.workers()) and maru.is_ready(), 60)
    done.set()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()

    stored = {m["seq"]: m["message"] for m in history(people[0], room)}
    acknowledged = sorted(seq for talker in talkers for seq in talker.acknowledged)
    # Each was stored once: the numbers are those of the acknowledgements, without hole or double.
    assert acknowledged == sorted(stored) == list(range(1, len(stored) + 1))
    assert len(set(stored.values())) == len(stored)
    back = [Reloading(api, room) for api in people]
    settle(room, *(talker._client for talker in back))
    for talker in talkers:
        heard = talker.read()
        assert {seq: stored[seq] for seq in heard} == heard
        assert sorted(heard) == list(range(min(heard), max(heard) + 1))
    assert any("draining" in talker.notices for talker in talkers)
    # Nobody was announced as gone who came back.
    assert maru.admin.present(room).keys() == {api.name for api in people}
    assert [name for talker in talkers for name in talker.gone] == []


def history(api, room):
    found: list[dict] = []
    while page := api.history(room, after=found[-1]["seq"] if found else 0):
        found += page
    return found
