"""The index of what names look like: their skeletons (``chat.names``), each of one person.

A name that was given up stays in it, and counts as long as it is kept for who had it.
"""

from itertools import chain

from chat import keys, names, people, validation
from chat.errors import N_, Conflict
from chat.store.question import ScriptCall
from chat.store.store import Store


def build(store: Store) -> None:
    """Note what the names look like of accounts that were made before that was noted."""
    former = [folded.decode() for folded in store.ask(("HKEYS", keys.FORMER))]
    in_use = [person.name for person in people.everyone(store)]
    # Names in use come first: the script keeps the first of those that look alike.
    looks = [
        (look, validation.fold(name))
        for name in (*in_use, *former)
        for look in names.skeletons(name)
    ]
    store.ask(
        ScriptCall("index_names", [keys.SKELETONS], [names.VERSION, *chain.from_iterable(looks)])
    )


def check(answer: object) -> None:
    """Raises ``Conflict`` where a script has refused a name."""
    if answer == b"TAKEN":
        raise Conflict(N_("That name is taken."))
    if answer == b"ALIKE":
        raise Conflict(N_("That name looks like one that is taken."))
