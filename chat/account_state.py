"""What admins decide about an account: its role, whether it is active, and its end.

``by`` is the admin who decides, or ``None`` for the operator. The scripts check that it still is
one; where it is not, functions raise ``Forbidden``. Whoever may not chat any more is out of all
rooms before a function here returns; ``locale`` is the language in which those there are told.
"""

from collections.abc import Sequence

from chat import (
    accounts,
    control_messages,
    keys,
    ownerless_rooms,
    people,
    people_search,
    presence,
    renaming,
    room_members,
    unfinished_changes,
)
from chat.errors import N_, Conflict, Forbidden, NotFound
from chat.people import ADMIN, GUEST, Person
from chat.profile import NAME_KEPT_MS
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store


def set_role(
    store: Store, given: str, role: str, by: Person | None = None, locale: str = "en"
) -> Person:
    """Give an account, found by id or name, another role. Raises ``NotFound``, ``Invalid``.

    Workers are told. Raises ``Conflict`` where nobody would be an admin any more.
    """
    people.check_role(role)
    person = _account(store, given)
    others = [] if role == ADMIN else _other_admins(store, person)
    _run(store, "set_role", [*_accounts(person, by), *others], [role, int(by is not None)])
    control_messages.publish(store, {control_messages.ROLE: [person.user_id, role]})
    if role == GUEST:
        _take_out(store, person, locale)
    return _told(store, person.user_id)


def deactivate(store: Store, given: str, by: Person | None = None, locale: str = "en") -> Person:
    """Let nobody log in to this account, found by id or name; all its log-ins end.

    Its name stays taken, and its rooms and messages stay. Raises ``NotFound``, and ``Conflict``
    where nobody would be an admin any more. Workers are told.
    """
    person = _account(store, given)
    account_keys = [*_accounts(person, by), *_other_admins(store, person)]
    _run(store, "set_active", account_keys, ["", "0", int(by is not None)])
    accounts.end_log_ins(store, person.user_id)
    _take_out(store, person, locale)
    return _told(store, person.user_id)


def reactivate(store: Store, given: str, by: Person | None = None) -> Person:
    """Undo ``deactivate``; the person has to log in anew. Raises ``NotFound``."""
    person = _account(store, given)
    _run(store, "set_active", _accounts(person, by), ["", "1", int(by is not None)])
    return _told(store, person.user_id)


def delete(store: Store, given: str, by: Person | None = None, locale: str = "en") -> Person:
    """Delete an account, found by id or name, for ever; all its log-ins end.

    Its id stays, with the name under which its messages stand; they stay too. Its rooms get another
    owner: see ``chat.ownerless_rooms``. The name is kept as after a renaming. Raises ``NotFound``,
    and ``Conflict`` where nobody would be an admin any more. Workers are told.
    """
    done = b"AGAIN"
    while done == b"AGAIN":
        person = _account(store, given)
        done = _run(
            store,
            "delete_person",
            [
                *(keys.account(person.user_id), keys.PEOPLE, keys.NAMES, keys.FORMER),
                *(keys.TERMS, keys.login_sources(person.user_id), keys.DELETING),
                *(_accounts(person, by)[1], *_other_admins(store, person)),
            ],
            [
                *(
                    "",
                    person.user_id,
                    person.name,
                    person.display_name,
                    person.folded,
                    NAME_KEPT_MS,
                ),
                int(by is not None),
                *people_search.terms(person),
            ],
        )
    return _finish_deletion(store, person, locale)


def finish_abandoned(store: Store, locale: str) -> None:
    """Finish the deletions whose workers have ended. Several workers may do this at once."""
    for user_id in store.ask(unfinished_changes.abandoned(keys.DELETING)):
        person = store.ask(people.person_question(user_id))
        if person is None:
            # The store has lost the account.
            store.ask(("ZREM", keys.DELETING, user_id))
        else:
            _finish_deletion(store, person, locale)


def _finish_deletion(store: Store, person: Person, locale: str) -> Person:
    """What follows once the account is deleted; again does no harm."""
    # What only the person cared about.
    of_person = (keys.levels, keys.starred, keys.inviters, keys.blocked_inviters)
    store.ask(("DEL", *(key(person.user_id) for key in of_person)))
    room_ids = room_members.room_ids_of(store, person.user_id)
    store.ask_all([("HDEL", keys.marks(i), person.user_id) for i in room_ids])
    accounts.end_log_ins(store, person.user_id)
    _take_out(store, person, locale)
    ownerless_rooms.pass_on(store, person)
    gone = _told(store, person.user_id)
    store.ask(("ZREM", keys.DELETING, person.user_id))
    return gone


def _account(store: Store, given: str) -> Person:
    person = people.get(store, given)
    if person.deleted:
        raise _nobody()
    return person


def _accounts(person: Person, by: Person | None) -> list[str]:
    """The keys of the account that is changed, and of that of who changes it."""
    return [keys.account(person.user_id), keys.account((by or person).user_id)]


def _take_out(store: Store, person: Person, locale: str) -> None:
    """Take the person's connections out of all rooms, also where a worker receives nothing.

    From here on nobody gets in with one: the script that lets people in asks for the account.
    """
    room_ids = room_members.room_ids_of(store, person.user_id)
    presence.end_presence(store, person.user_id, room_ids, locale)


def _other_admins(store: Store, person: Person) -> list[str]:
    """The keys of the other admins' accounts."""
    return [
        keys.account(other.user_id)
        for other in people.everyone(store)
        if other.is_admin and other.user_id != person.user_id
    ]


def _run(store: Store, script: str, on: Sequence[str], args: Sequence[Argument]) -> bytes:
    """What the script answers. Raises ``Forbidden``, ``NotFound``, ``Conflict``."""
    answer: bytes = store.ask(ScriptCall(script, on, args))
    if answer == b"NOTADMIN":
        raise Forbidden(N_("This page is for admins."))
    if answer == b"NOBODY":
        raise _nobody()
    if answer == b"LAST":
        raise Conflict(N_("Somebody has to be an admin. Make another one first."))
    return answer


def _told(store: Store, user_id: str) -> Person:
    """The person as he or she is now, of which all workers are told."""
    person = people.get_by_id(store, user_id)
    renaming.tell(store, person)
    return person


def _nobody() -> NotFound:
    return NotFound(N_("There is nobody of that name."))
