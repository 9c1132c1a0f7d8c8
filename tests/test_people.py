"""People: found by id and by name, renamed, shown by a display name, deactivated, deleted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chat import (
    account_state,
    accounts,
    keys,
    people,
    person_ids,
    profile,
    renaming,
    unfinished_changes,
)
from chat.errors import Conflict, Invalid, Unauthorized
from tests.conftest import HASHER, PASSWORD, let_pass


def rename(store, person, name):
    return profile.change(store, person.user_id, {"name": name})


def test_an_id_has_the_shape_of_ids_and_no_name_has_it(made, store):
    bora = made("bora")
    assert person_ids.is_id(bora.user_id)
    assert len({person_ids.new_id() for _ in range(1000)}) == 1000
    for name in (bora.user_id, "U2CPHAVW9ASQ2CZK"):
        with pytest.raises(Invalid):
            made(name)
        with pytest.raises(Invalid):
            rename(store, bora, name)
    assert made("ulrichschneider").name == "ulrichschneider"


def test_people_are_found_by_id_and_by_name_in_any_case(made, store):
    bora, dan = made("Bora"), made("dan")
    for given in ("bora", "BORA", bora.user_id):
        assert people.find(store, given) == bora
    assert people.find(store, "nobody") is None
    assert people.find(store, "u0123456789abcde") is None
    asked = [bora.user_id, dan.user_id, bora.user_id, "u0123456789abcde"]
    assert people.find_by_ids(store, asked) == {bora.user_id: bora, dan.user_id: dan}
    assert people.find_by_ids(store, []) == {}


def test_a_person_on_the_wire(made, store):
    bora = made("bora")
    wire = {"userId": bora.user_id, "name": "bora", "displayName": "bora", "role": "user"}
    assert bora.wire() == wire
    changes = {"displayName": "남보라", "status": "휴가", "timeZone": "Asia/Seoul"}
    assert profile.change(store, bora.user_id, changes).wire() == {**wire, **changes}
    assert account_state.deactivate(store, "bora").wire() == {
        **wire, **changes, "deactivated": True,
    }  # fmt: skip


def test_a_renamed_person_is_found_by_the_new_name_only_and_logs_in_by_it(made, store):
    bora = made("bora")
    assert rename(store, bora, "Sora").name == "Sora"
    assert people.find_by_name(store, "sora").user_id == bora.user_id
    assert people.find_by_name(store, "bora") is None
    assert accounts.authenticate(store, HASHER, "sora", PASSWORD).user_id == bora.user_id
    with pytest.raises(Unauthorized):
        accounts.authenticate(store, HASHER, "bora", PASSWORD)


def test_only_the_case_of_a_name_can_be_changed(made, store):
    bora = made("bora")
    assert rename(store, bora, "Bora").name == "Bora"
    assert people.find_by_name(store, "bora").name == "Bora"
    assert store.redis.hlen(keys.FORMER) == 0


@pytest.mark.parametrize(
    "name",
    [
        "dan",
        "DAN",
        "d\u0430n",
        "x",
        "d\u200ban",
        "u0123456789abcde",
        "\uff550123456789abcde",
        7,
        None,
    ],
)
def test_a_name_that_cannot_be_taken_changes_nothing(made, store, name):
    bora = made("bora")
    made("dan")
    with pytest.raises((Invalid, Conflict)):
        profile.change(store, bora.user_id, {"displayName": "보라", "name": name})
    assert people.find(store, bora.user_id) == bora
    assert people.find_by_name(store, "bora") == bora


@pytest.mark.parametrize("alike", ["bora", "BORA", "b0ra", "b\u043era"])
def test_a_former_name_and_what_looks_like_it_is_kept_for_a_month(made, store, alike):
    bora, dan = made("bora"), made("dan")
    rename(store, bora, "sora")
    for take in (lambda: made(alike), lambda: rename(store, dan, alike)):
        with pytest.raises((Conflict, Invalid)):
            take()
    let_pass(store, "bora", profile.NAME_KEPT_MS - 60_000)
    with pytest.raises((Conflict, Invalid)):
        rename(store, dan, alike)
    let_pass(store, "bora", 60_000)
    if alike != "b\u043era":  # which is in two scripts
        assert rename(store, dan, alike).name == alike
        with pytest.raises(Conflict):
            rename(store, bora, "bora")


def test_who_gave_up_a_name_may_take_it_back_or_one_that_looks_like_it(made, store):
    bora = made("bora")
    rename(store, bora, "sora")
    assert rename(store, bora, "bora").name == "bora"
    assert rename(store, bora, "b0ra").name == "b0ra"
    assert rename(store, bora, "bora").name == "bora"
    with pytest.raises(Conflict):
        made("b0ra")
    assert store.redis.hkeys(keys.NAMES) == [b"bora"]
    assert {*store.redis.hkeys(keys.FORMER)} == {b"sora", b"b0ra"}


def test_names_that_were_given_up_long_ago_do_not_pile_up(made, store):
    bora = made("bora")
    for i in range(40):
        rename(store, bora, f"sora{i}")
        for name in store.redis.hkeys(keys.FORMER):
            let_pass(store, name, profile.NAME_KEPT_MS + 1)
    assert store.redis.hlen(keys.FORMER) < 10


def test_another_way_of_making_skeletons_keeps_former_names_too(made, store):
    bora, dan = made("bora"), made("dan")
    rename(store, bora, "sora")
    store.redis.delete(keys.SKELETONS)
    for name in ("b0ra", "s0ra"):
        with pytest.raises(Conflict):
            rename(store, dan, name)


def test_of_many_who_want_one_name_at_once_one_gets_it(made, store):
    all_of_them = [made(f"person{i}") for i in range(6)]

    def take(i):
        try:
            if i < len(all_of_them):
                return rename(store, all_of_them[i], "bora")
            return made("b0ra" if i % 2 else "bora")
        except Conflict:
            return None

    with ThreadPoolExecutor(9) as at_once:
        assert len([got for got in at_once.map(take, range(9)) if got]) == 1
    holders = [person for person in people.everyone(store) if person.name in ("bora", "b0ra")]
    assert len(holders) == 1


def test_two_renamings_of_one_person_at_once_leave_one_name(made, store):
    bora = made("bora")
    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(lambda i: rename(store, bora, f"sora{i}"), range(12)))
    name = people.find(store, bora.user_id).name
    assert store.redis.hkeys(keys.NAMES) == [name.encode()]
    assert store.redis.zcard(keys.RENAMING) == 0


def test_workers_are_told_of_a_new_name_and_of_the_rooms_it_is_in(made, store, told):
    bora = made("bora")
    store.redis.zadd(keys.rooms_of(bora.user_id), {"r1": 1, "r2": 2})
    sora = rename(store, bora, "sora")
    assert told() == [{"person": sora.wire(), "rooms": ["r1", "r2"]}]
    assert profile.change(store, bora.user_id, {"name": "sora", "status": None}) == sora
    assert told() == []


def test_a_renaming_whose_worker_ended_is_finished_by_another(made, store, told, monkeypatch):
    bora = made("bora")

    def end(*args):
        raise SystemExit

    with monkeypatch.context() as ending:
        ending.setattr(renaming, "finish", end)
        with pytest.raises(SystemExit):
            rename(store, bora, "sora")
    assert told() == []
    renaming.finish_abandoned(store)
    assert told() == []  # its worker may still be at it
    [member] = store.redis.zrange(keys.RENAMING, 0, -1)
    store.redis.zincrby(keys.RENAMING, -unfinished_changes.ABANDONED_AFTER_MS, member)
    renaming.finish_abandoned(store)
    assert [told_of["person"]["name"] for told_of in told()] == ["sora"]
    assert store.redis.zcard(keys.RENAMING) == 0


def test_a_reserved_name_does_not_show_whose_it_was(made, store):
    bora = made("bora")
    rename(store, bora, "sora")
    with pytest.raises(Conflict) as refused:
        made("bora")
    assert str(refused.value) == "That name is taken."
