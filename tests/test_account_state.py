"""Accounts that are deactivated and deleted; some admin always stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chat import account_state, accounts, keys, login_limits, people, profile
from chat.errors import Conflict, MaruError, NotFound, Unauthorized
from chat.login_limits import Source
from chat.passwords import Hasher
from tests.conftest import HASHER, PASSWORD, let_pass


def test_nobody_gets_into_a_deactivated_account_until_it_is_active_again(made, store, told):
    bora = made("bora")
    gone = account_state.deactivate(store, bora.user_id)
    assert gone.deactivated and not gone.may_chat and gone.generation == 1
    assert told() == [{"ended": bora.user_id}, {"person": gone.wire(), "rooms": []}]
    with pytest.raises(Unauthorized):
        accounts.authenticate(store, HASHER, "bora", PASSWORD)
    with pytest.raises(Conflict):
        made("bora")
    assert account_state.deactivate(store, bora.user_id).generation == 1
    back = account_state.reactivate(store, "bora")
    assert accounts.authenticate(store, HASHER, "bora", PASSWORD) == back
    assert not back.deactivated and back.generation == 1


def test_a_password_is_not_changed_by_who_was_deactivated_meanwhile(made, store):
    bora = made("bora")

    class Slow(Hasher):
        def hash(self, password, asker):
            account_state.deactivate(store, "bora")
            account_state.reactivate(store, "bora")
            return super().hash(password, asker)

    with pytest.raises(Conflict):
        accounts.change_password(store, Slow(), bora, PASSWORD, "another password")
    assert accounts.authenticate(store, HASHER, "bora", PASSWORD).generation == 1


def test_a_deleted_account_leaves_its_id_and_nothing_to_get_in_by(made, store, told):
    bora, dan = made("bora"), made("dan")
    profile.change(store, bora.user_id, {"displayName": "남보라", "status": "x", "timeZone": "UTC"})
    store.redis.zadd(keys.login_sources(bora.user_id), {"network:10.0.0.1": 1})
    told()
    gone = account_state.delete(store, "bora")
    assert told() == [{"ended": bora.user_id}, {"person": gone.wire(), "rooms": []}]
    assert (gone.deleted, gone.deactivated, gone.may_chat, gone.generation) == (
        True,
        True,
        False,
        1,
    )
    assert gone.wire()["deleted"] and gone.shown == "bora"
    assert {field.decode() for field in store.redis.hkeys(f"maru:person:{bora.user_id}")} == {
        "name", "role", "createdAt", "generation", "deletedAt", "deactivatedAt",
    }  # fmt: skip
    assert not store.redis.exists(keys.login_sources(bora.user_id))
    assert people.everyone(store) == [dan]
    assert people.find(store, bora.user_id) == gone and people.find_by_name(store, "bora") is None
    for operation in (
        lambda: accounts.authenticate(store, HASHER, "bora", PASSWORD), lambda: made("b0ra"),
        lambda: profile.change(store, dan.user_id, {"name": "bora"}),
        lambda: profile.change(store, bora.user_id, {"name": "sora"}),
        lambda: account_state.reactivate(store, bora.user_id),
        lambda: account_state.set_role(store, bora.user_id, "admin"),
        lambda: account_state.delete(store, bora.user_id),
        lambda: accounts.change_password(store, HASHER, bora, PASSWORD, "another password"),
    ):  # fmt: skip
        with pytest.raises(MaruError):
            operation()
    assert people.find(store, bora.user_id) == gone
    let_pass(store, "bora", profile.NAME_KEPT_MS)
    assert made("bora").user_id != bora.user_id
    assert people.find(store, bora.user_id) == gone


def test_nothing_is_changed_of_an_account_that_is_deleted_meanwhile(made, store):
    bora = made("bora")

    class Meanwhile(dict):
        def __getitem__(self, field):
            if not people.find(store, bora.user_id).deleted:
                account_state.delete(store, bora.user_id)
            return super().__getitem__(field)

    with pytest.raises(NotFound):
        profile.change(store, bora.user_id, Meanwhile(name="sora", status="here"))
    gone = people.find(store, bora.user_id)
    assert (gone.name, gone.status) == ("bora", "")
    assert people.find_by_name(store, "sora") is None


def test_a_log_in_that_ends_after_the_deletion_leaves_no_trace(made, store):
    bora, source = made("bora"), Source("10.0.0.1")
    login_limits.remember(store, bora.user_id, source, "a-browser")
    assert login_limits.known_at(store, bora.user_id, source) == "network:10.0.0.1"
    account_state.delete(store, "bora")
    login_limits.remember(store, bora.user_id, source, "a-browser")
    assert not store.redis.exists(keys.login_sources(bora.user_id))


def test_nobody_becomes_the_admin_because_the_first_account_was_deleted(made, store):
    made("root", "admin")
    made("ann", "admin")
    account_state.delete(store, "root")
    assert not accounts.nobody_yet(store)
    assert accounts.create(store, HASHER, "dan", PASSWORD).role == "user"


@pytest.mark.parametrize(
    "end",
    [
        account_state.deactivate,
        account_state.delete,
        lambda store, given: account_state.set_role(store, given, "user"),
    ],
    ids=["deactivate", "delete", "demote"],
)
def test_the_last_admin_who_can_log_in_stays(made, store, end):
    made("root", "admin")
    made("ann", "admin")
    account_state.deactivate(store, "ann")
    with pytest.raises(Conflict):
        end(store, "root")
    account_state.reactivate(store, "ann")
    assert not end(store, "root").is_admin
    with pytest.raises(Conflict):
        end(store, "ann")
    assert people.find_by_name(store, "ann").is_admin


def test_of_two_admins_who_deactivate_each_other_at_once_one_stays(made, store):
    pair = [made(name, "admin") for name in ("ann", "ben")]

    def end(person):
        try:
            return account_state.deactivate(store, person.user_id)
        except Conflict:
            return None

    with ThreadPoolExecutor(2) as both:
        for _ in range(50):
            assert None in list(both.map(end, pair))
            for person in pair:
                account_state.reactivate(store, person.user_id)


def test_a_log_in_that_was_under_way_when_the_account_was_deactivated_is_over(made, store):
    made("bora")

    class Slow(Hasher):
        def fits(self, hashed, typed, asker):
            account_state.deactivate(store, "bora")
            return super().fits(hashed, typed, asker)

    before = accounts.authenticate(store, Slow(), "bora", PASSWORD)
    # What is made of it, a cookie or a token, has a generation that has ended.
    assert before.generation != people.find_by_name(store, "bora").generation
