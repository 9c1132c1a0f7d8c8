"""The cache of verified tokens, and what removes a token from it."""

import time
from dataclasses import dataclass

import pytest

from chat.errors import TokenExpired, TokenRevoked
from chat.live import token_cache
from chat.live.token_cache import TokenCache
from chat.people import Person
from tests.conftest import somebody


@dataclass
class Caller:
    person: Person
    jti: str
    login_id: str
    expires_at: float


class Verifying:
    """A check of tokens that counts how often it is asked."""

    def __init__(self):
        self.asked = 0
        self.problem = None
        self.expires_in = 60.0
        self.meanwhile = lambda: None

    def __call__(self, token):
        self.asked += 1
        self.meanwhile()
        if self.problem:
            raise self.problem
        expires_at = (time.time() + self.expires_in) * 1000
        return Caller(somebody("ann"), f"jti of {token}", "login", expires_at)


@pytest.fixture
def verify():
    return Verifying()


@pytest.fixture
def worker():
    return {"is_receiving": True}


@pytest.fixture
def known(verify, worker):
    return TokenCache(verify, lambda: worker["is_receiving"])


def test_a_token_is_verified_once(known, verify):
    assert known("token") is known("token")
    assert verify.asked == 1
    known("another")
    assert verify.asked == 2


def test_what_is_not_good_is_not_remembered(known, verify):
    verify.problem = TokenRevoked("no")
    for _ in range(2):
        with pytest.raises(TokenRevoked):
            known("token")
    assert verify.asked == 2


@pytest.mark.parametrize("token", [None, 7, [], {}, b"x"])
def test_no_text_is_no_token_to_remember(known, verify, token):
    known(token), known(token)
    assert verify.asked == 2


def test_an_expired_one_is_looked_at_again(known, verify):
    verify.expires_in = -1.0
    known("token")
    verify.problem = TokenExpired("too late")
    with pytest.raises(TokenExpired):
        known("token")


@pytest.mark.parametrize(
    "ended",
    [
        lambda caller: caller.jti == "jti of token",
        lambda caller: caller.login_id == "login",
        lambda caller: caller.person.name == "ann",
    ],
    ids=["token", "login", "person"],
)
def test_what_ended_is_forgotten(known, verify, ended):
    known("token")
    known.invalidate(ended)
    verify.problem = TokenRevoked("no")
    with pytest.raises(TokenRevoked):
        known("token")


def test_what_others_have_is_not_forgotten(known, verify):
    known("token")
    known.invalidate(lambda caller: caller.jti == "somebody else's")
    known("token")
    assert verify.asked == 1


def test_a_worker_that_does_not_hear_remembers_nothing(known, verify, worker):
    known("token")
    worker["is_receiving"] = False
    known("token")
    assert verify.asked == 2


def test_what_ends_while_it_is_being_verified_is_not_remembered(known, verify):
    verify.meanwhile = known.clear
    known("token")
    verify.problem = TokenRevoked("no")
    with pytest.raises(TokenRevoked):
        known("token")


def test_the_oldest_make_place(known, verify, monkeypatch):
    monkeypatch.setattr(token_cache, "SIZE", 3)
    for token in ("a", "b", "c", "d"):
        known(token)
    known("d"), known("b")
    assert verify.asked == 4
    known("a")
    assert verify.asked == 5
