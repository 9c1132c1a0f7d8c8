"""Accounts: made, logged in to, and their passwords.

Where a password is hashed, ``RateLimited`` may be raised: see ``chat.passwords``.
"""

from dataclasses import replace

from chat import (
    control_messages,
    keys,
    lookalike_index,
    names,
    people,
    people_search,
    person_ids,
    validation,
)
from chat.errors import N_, Conflict, Forbidden, Invalid, Unauthorized
from chat.passwords import Asker, Fit, Hasher
from chat.people import ADMIN, GUEST, USER, Person
from chat.store import clock
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: What ``REGISTRATION`` makes of newcomers, but the first; nothing where it is closed.
_ROLE_OF_NEWCOMERS = {"open": USER, "approval": GUEST, "closed": ""}
#: On whose behalf a password is hashed where there is no client: in a command.
NOBODY = Asker()

_WRONG = N_("The name or the password is not right.")


def create(
    store: Store,
    hasher: Hasher,
    name: object,
    password: object,
    role: str | None = None,
    registration: str = "open",
    asker: Asker = NOBODY,
) -> Person:
    """A new account. Raises ``Invalid``, ``Conflict``, ``Forbidden`` (registration is closed).

    Without ``role``, the very first account is the admin, whatever ``registration`` says, and any
    other a user, or a guest where an admin has to approve it.
    """
    name = names.new_name(name)
    chosen = validation.password(password)
    if role is not None:
        people.check_role(role)
    others = role or _ROLE_OF_NEWCOMERS[registration]
    if not others and not nobody_yet(store):
        raise _closed()
    hashed = hasher.hash(chosen, asker)
    person = Person(person_ids.new_id(), name, "", role or ADMIN, store.ask(clock.NOW))
    return replace(person, role=_claim(store, person, others, hashed))


def nobody_yet(store: Store) -> bool:
    """Will the next account be the first, and so the admin's?"""
    founder = store.ask(("GET", keys.FOUNDER))
    # A founder without any account never came to be: the server ended in between.
    return founder is None or not store.ask(("EXISTS", keys.account(founder.decode()), keys.PEOPLE))


def authenticate(
    store: Store, hasher: Hasher, name: object, password: object, asker: Asker = NOBODY
) -> Person:
    """The person with this name and password. Raises ``Unauthorized``, in the same time for all."""
    if not isinstance(name, str) or not isinstance(password, str):
        raise Unauthorized(_WRONG)
    try:
        validation.person_name(name)
        typed = validation.typed_password(password)
    except Invalid:
        # No account can look like that, but the time taken should not say so.
        name, typed = "", ""
    return _log_in(store, hasher, people.id_of_name(store, name), typed, asker)


def change_password(
    store: Store,
    hasher: Hasher,
    person: Person,
    old: object,
    new: object,
    asker: Asker = NOBODY,
) -> Person:
    """The person with another password. All earlier log-ins and tokens end; workers are told.

    The sources from which somebody has logged in are forgotten: a stranger may be among them.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid`` when the new one cannot be, and
    ``Conflict`` when somebody else has ended this log-in meanwhile.
    """
    new = validation.password(new)
    current = confirm(store, hasher, person, old, asker)
    hashed = hasher.hash(new, asker)
    account_keys = [keys.account(person.user_id), keys.login_sources(person.user_id)]
    generation = store.ask(
        ScriptCall("change_password", account_keys, [current.generation, hashed])
    )
    if not generation:
        raise Conflict(N_("Something has changed in the meantime. Try again."))
    end_log_ins(store, person.user_id)
    return replace(current, generation=generation)


def confirm(
    store: Store, hasher: Hasher, person: Person, password: object, asker: Asker = NOBODY
) -> Person:
    """The person as he or she is now. Raises ``Unauthorized`` when the password is wrong."""
    try:
        typed = validation.typed_password(password)
        return _log_in(store, hasher, person.user_id, typed, asker)
    except (Invalid, Unauthorized):
        raise Unauthorized(N_("The current password is not right.")) from None


def end_log_ins(store: Store, user_id: str) -> None:
    """Tell every worker that all log-ins of this person have ended."""
    control_messages.publish(store, {control_messages.ENDED: user_id})


def _log_in(store: Store, hasher: Hasher, user_id: str, typed: str, asker: Asker) -> Person:
    """The person with this id, after a check of the password. ``""`` is nobody's id."""
    # In one write: the person as he or she was when the password was the one that is checked.
    hashed, person = store.ask(people.reading_with_hash(user_id))
    fit = hasher.fits(hashed, typed, asker)
    if fit is Fit.NO or person is None or hashed is None:
        raise Unauthorized(_WRONG)
    if person.deactivated:
        raise Unauthorized(N_("This account is deactivated. Ask an admin."))
    if fit is Fit.OUTDATED:
        anew = hasher.hash(validation.opaque(typed), asker)
        store.ask(ScriptCall("rehash", [keys.account(user_id)], [hashed, anew]))
    return person


def _closed() -> Forbidden:
    return Forbidden(N_("Registration is closed. Ask an admin for an account."))


def _claim(store: Store, person: Person, others: str, hashed: str) -> str:
    """Make the account; gives its role, which is ``others`` for any but the founder."""
    looks, terms = names.skeletons(person.name), people_search.terms(person)
    fields: list[Argument] = [
        *("name", person.name, "password", hashed, "createdAt", person.created_at)
    ]
    while True:
        founder = (store.ask(("GET", keys.FOUNDER)) or b"").decode()
        made: bytes = store.ask(
            ScriptCall(
                "create_person",
                [
                    *(keys.account(person.user_id), keys.PEOPLE),
                    *(keys.FOUNDER, keys.account(founder)),
                    *(keys.SKELETONS, keys.NAMES, keys.FORMER, keys.TERMS),
                ],
                [
                    *("", person.user_id, person.folded, founder, person.role, others),
                    *(names.VERSION, len(looks), len(terms), *looks, *terms, *fields),
                ],
            )
        )
        if made == b"INDEX":
            lookalike_index.build(store)
        elif made != b"AGAIN":
            break
    if made == b"CLOSED":
        raise _closed()
    lookalike_index.check(made)
    return made.decode()
