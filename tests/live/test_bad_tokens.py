"""A call with a bad token changes nothing, and its sender gets the reason."""

from dataclasses import dataclass

import pytest

from tests.live import tokens
from tests.live.client import Client, Refused, settle
from tests.live.cluster import Api

CALLS = (
    *("join", "leave", "message", "edit", "delete", "react"),
    *("history", "typing", "watch", "reauth"),
)
BAD = (
    *tokens.NO_TOKENS,
    *("alg none", "alg None", "HS512", "HS384", "RS256", "another key"),
    *("tampered signature", "without signature", "nested header", "refresh token", "nobody's"),
    *("sub is a number", "without sub", "without jti", "without exp"),
    *("exp is text", "expired", "expired long ago", "revoked"),
)


@dataclass
class Scene:
    """mallory is in one of two rooms, and has spoken there; the witness is in both."""

    owner: Api
    mallory: Client
    witness: Client
    room: str
    other: str
    bad: dict
    before: tuple = ()
    stored: int = 0

    def fields(self, event: str) -> dict:
        return {
            "roomId": self.other if event == "join" else self.room,
            "message": "no",
            "seq": 1,
            "emoji": "👍",
            "on": True,
        }

    def watch(self) -> None:
        self._settle()
        self.witness.forget()
        self.mallory.forget()
        self.stored = self.owner.history(self.room, limit=1)[0]["seq"]
        self.before = self._state()

    def nothing_happened(self) -> None:
        self._settle()
        assert self.witness.messages() == []
        # The connection hears what it heard before: it is neither more nor less in the rooms.
        assert [m["roomId"] for _, m in self.mallory.heard] == [self.room]
        assert "typing" not in [event for event, _ in self.witness.heard]
        # Only the word that settled it has been stored.
        assert [m["seq"] for m in self.owner.history(self.room, after=self.stored)] == [
            self.stored + 1
        ]
        assert self._state() == self.before

    def _settle(self) -> None:
        settle(self.other, self.witness)
        settle(self.room, self.witness, self.mallory)

    def _state(self) -> tuple:
        rooms = (self.room, self.other)
        first = self.owner.history(self.room, after=0, limit=1)
        return first, [self.owner.present(room) for room in rooms]


@pytest.fixture(scope="module")
def stage(shared_maru):
    owner, mallory, ben = (shared_maru.register_some(name) for name in ("owner", "mallory", "ben"))
    room, other = owner.create_room(), owner.create_room()
    bad = tokens.bad_tokens(mallory)
    assert bad.keys() == set(BAD)
    bad["somebody else's"] = (ben.token, "unauthorized")
    scene = Scene(owner, mallory.connect(), ben.connect(), room, other, bad)
    scene.mallory.join(room)
    scene.mallory.say(room, "the first word")
    for place in (room, other):
        scene.witness.join(place)
    yield scene
    scene.mallory.close()
    scene.witness.close()


@pytest.mark.parametrize("kind", [*BAD, "somebody else's"])
def test_calls_with_a_bad_token_do_nothing(maru, stage, kind):
    token, code = stage.bad[kind]
    stage.watch()
    for event in CALLS:
        call = {"token": token, **stage.fields(event)}
        if token is tokens.MISSING:
            del call["token"]
        answer = stage.mallory.emit(event, call)
        assert answer.keys() == {"ok", "error"} and answer["ok"] is False, event
        assert answer["error"]["code"] == code and answer["error"]["message"], event
    stage.nothing_happened()


@pytest.mark.parametrize("kind", BAD)
def test_nobody_gets_in_with_a_bad_token(maru, stage, kind):
    token, code = stage.bad[kind]
    stage.watch()
    with pytest.raises(Refused) as refused:
        stage.mallory.api.connect(auth={} if token is tokens.MISSING else {"token": token})
    assert refused.value.data["data"]["code"] == code
    assert refused.value.data["message"] == refused.value.data["data"]["message"]
    stage.nothing_happened()


@pytest.mark.parametrize("auth", [None, [], "a token", 5, {"Token": "x"}, {"token": {}}])
def test_nobody_gets_in_without_an_introduction(maru, stage, auth):
    with pytest.raises(Refused) as refused:
        stage.mallory.api.connect(auth=auth)
    assert refused.value.data["data"]["code"] == "unauthorized"


def test_the_good_token_still_works(maru, stage):
    """What is refused above is refused for its token, not for anything else."""
    for event in ("message", "edit", "react", "typing", "history", "watch", "reauth", "leave"):
        answer = stage.mallory.call(event, **stage.fields(event))
        assert answer["ok"], (event, answer)
    assert stage.mallory.call("join", **stage.fields("join"))["ok"]
