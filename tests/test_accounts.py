"""Accounts: a name is registered once, the first account is an admin, passwords are checked."""

from concurrent.futures import ThreadPoolExecutor
from unicodedata import normalize

import pytest

from chat import account_state, accounts, people
from chat.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from chat.passwords import Hasher
from tests.conftest import account_key

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def hasher():
    return Hasher()


def test_the_first_account_is_the_admin_and_others_are_not(store, hasher):
    assert accounts.create(store, hasher, "Ann", PASSWORD).role == "admin"
    assert accounts.create(store, hasher, "Ben", PASSWORD).role == "user"


def test_an_account_with_a_given_role_also_ends_the_first_ones_privilege(store, hasher):
    assert accounts.create(store, hasher, "Ann", PASSWORD, role="user").role == "user"
    assert accounts.create(store, hasher, "Ben", PASSWORD).role == "user"


def test_registration_decides_what_newcomers_are(store, hasher):
    assert accounts.create(store, hasher, "Ann", PASSWORD, registration="closed").role == "admin"
    assert accounts.create(store, hasher, "Ben", PASSWORD, registration="approval").role == "guest"
    with pytest.raises(Forbidden):
        accounts.create(store, hasher, "Cem", PASSWORD, registration="closed")
    assert people.find(store, "Cem") is None


def test_a_name_is_taken_in_any_case_and_the_first_keeps_it(store, hasher):
    accounts.create(store, hasher, "José", PASSWORD)
    with pytest.raises(Conflict):
        accounts.create(store, hasher, "JOSE\u0301", "another password")
    assert accounts.authenticate(store, hasher, "jose\u0301", PASSWORD).name == "José"
    assert len(people.everyone(store)) == 1


def test_a_refused_first_account_leaves_the_privilege_to_the_next(store, hasher):
    store.redis.hset("maru:names", "ann", "u0somebodyelse")
    with pytest.raises(Conflict):
        accounts.create(store, hasher, "Ann", PASSWORD)
    assert accounts.create(store, hasher, "Ben", PASSWORD).role == "admin"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Ann", "wrong password"), ("Nobody", PASSWORD), ("Ann", ""), ("Ann", None), ("", ""),
        (None, PASSWORD), ("Ann\0", PASSWORD), (["Ann"], PASSWORD), ("Ann", "x" * 300),
        ("Ann", "pass\ud800word"),
    ],
)  # fmt: skip
def test_nobody_gets_in_with(store, hasher, name, password):
    accounts.create(store, hasher, "Ann", PASSWORD)
    with pytest.raises(Unauthorized):
        accounts.authenticate(store, hasher, name, password)


def test_an_unknown_name_costs_as_many_hashes_as_a_known_one(store):
    hashed = []

    def counting(asker, function, *args):
        hashed.append(function.__name__)
        return function(*args)

    hasher = Hasher(counting)
    accounts.create(store, hasher, "Ann", PASSWORD)
    for name in ("Ann", "Nobody", "!", "x" * 99):
        hashed.clear()
        with pytest.raises(Unauthorized):
            accounts.authenticate(store, hasher, name, "wrong password")
        assert hashed == ["_fits"]


def test_a_password_can_be_changed_by_who_knows_it(store, hasher):
    ann = accounts.create(store, hasher, "Ann", PASSWORD)
    with pytest.raises(Unauthorized):
        accounts.change_password(store, hasher, ann, "wrong password", "new password")
    with pytest.raises(Invalid):
        accounts.change_password(store, hasher, ann, PASSWORD, "short")
    changed = accounts.change_password(store, hasher, ann, PASSWORD, "new password")
    assert changed.generation == 1
    assert accounts.authenticate(store, hasher, "Ann", "new password") == changed
    with pytest.raises(Unauthorized):
        accounts.authenticate(store, hasher, "Ann", PASSWORD)


def test_roles_can_be_set(store, hasher):
    accounts.create(store, hasher, "Root", PASSWORD)
    accounts.create(store, hasher, "Ann", PASSWORD)
    assert account_state.set_role(store, "ANN", "guest").role == "guest"
    assert not people.find(store, "Ann").may_chat
    with pytest.raises(NotFound):
        account_state.set_role(store, "Nobody", "user")
    with pytest.raises(Invalid):
        account_state.set_role(store, "Ann", "root")


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ("비밀번호를말해요", normalize("NFD", "비밀번호를말해요")),
        ("crème brûlée", "cre\u0300me bru\u0302le\u0301e"),
        ("correct horse", "correct\u00a0horse"),
        ("correct horse", "correct\u3000horse"),
    ],
)  # fmt: skip
def test_a_password_is_the_same_on_every_keyboard(store, hasher, chosen, typed):
    accounts.create(store, hasher, "Ann", chosen)
    accounts.create(store, hasher, "Ben", typed)
    for name in ("Ann", "Ben"):
        for password in (chosen, typed):
            assert accounts.authenticate(store, hasher, name, password).name == name


def test_a_password_from_before_there_was_one_form_goes_on_working_and_takes_it(store, hasher):
    typed = "cre\u0300me bru\u0302le\u0301e"
    accounts.create(store, hasher, "Ann", PASSWORD)
    store.redis.hset(account_key(store, "ann"), "password", hasher.hash(typed, accounts.NOBODY))
    with pytest.raises(Unauthorized):
        accounts.authenticate(store, hasher, "Ann", "crème brûlée")
    assert accounts.authenticate(store, hasher, "Ann", typed).name == "Ann"
    assert accounts.authenticate(store, hasher, "Ann", "crème brûlée").name == "Ann"


def test_a_short_password_from_before_there_was_one_form_goes_on_working(store, hasher):
    typed = "\u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab"
    accounts.create(store, hasher, "Ann", PASSWORD)
    store.redis.hset(account_key(store, "ann"), "password", hasher.hash(typed, accounts.NOBODY))
    assert accounts.authenticate(store, hasher, "Ann", typed).name == "Ann"


@pytest.mark.parametrize("role", ["user", "guest"])
def test_the_last_admin_stays_one_whoever_asks(store, hasher, role):
    accounts.create(store, hasher, "Ann", PASSWORD)
    accounts.create(store, hasher, "Ben", PASSWORD)
    with pytest.raises(Conflict):
        account_state.set_role(store, "ANN", role)
    assert people.find(store, "Ann").is_admin
    account_state.set_role(store, "Ben", "admin")
    assert account_state.set_role(store, "Ann", role).role == role
    with pytest.raises(Conflict):
        account_state.set_role(store, "Ben", role)


def test_of_two_admins_who_demote_each_other_at_once_one_stays(store, hasher):
    for name in ("Ann", "Ben"):
        accounts.create(store, hasher, name, PASSWORD, role="admin")

    def demote(name):
        try:
            return account_state.set_role(store, name, "user").name
        except Conflict:
            return None

    with ThreadPoolExecutor(2) as both:
        for _ in range(50):
            assert None in list(both.map(demote, ("Ann", "Ben")))
            assert [user.is_admin for user in people.everyone(store)].count(True) == 1
            for name in ("Ann", "Ben"):
                account_state.set_role(store, name, "admin")


def test_a_founder_that_never_came_to_be_keeps_nobody_from_being_the_admin(store, hasher):
    store.redis.set("maru:founder", "ann")
    assert accounts.nobody_yet(store)
    assert accounts.create(store, hasher, "Ben", PASSWORD, registration="closed").role == "admin"
    assert accounts.create(store, hasher, "Cem", PASSWORD).role == "user"


def test_nobody_becomes_the_admin_because_the_first_account_is_gone(store, hasher):
    accounts.create(store, hasher, "Ann", PASSWORD)
    accounts.create(store, hasher, "Ben", PASSWORD)
    store.redis.delete(account_key(store, "ann"))
    assert not accounts.nobody_yet(store)
    assert accounts.create(store, hasher, "Cem", PASSWORD).role == "user"


def test_of_many_who_register_first_at_once_one_is_the_admin(store, hasher):
    with ThreadPoolExecutor(8) as all_at_once:
        made = all_at_once.map(
            lambda i: accounts.create(store, hasher, f"bot{i}", PASSWORD), range(8)
        )
        assert sorted(user.role for user in made) == ["admin", *["user"] * 7]


def test_passwords_are_stored_as_argon2id_only(store, hasher):
    accounts.create(store, hasher, "Ann", PASSWORD)
    stored = store.redis.hgetall(account_key(store, "ann"))
    assert stored[b"password"].startswith(b"$argon2id$")
    assert PASSWORD.encode() not in b"".join(stored.values())
