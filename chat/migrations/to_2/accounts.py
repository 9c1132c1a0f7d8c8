"""Accounts: ``user:<folded name>`` becomes ``person:<userId>``."""

from collections.abc import Iterator
from typing import Any

from chat.migrations.lease import Lease, chunks
from chat.migrations.to_2 import keys
from chat.migrations.to_2.ids import Ids
from chat.person_ids import new_id
from chat.store.question import Command, fields
from chat.store.store import Store

#: Accounts that are carried over in one transaction, and keys that one SCAN looks at.
TOGETHER, SCANNED = 100, 1000


def carry_over(lease: Lease) -> int:
    """Give every account an id, and carry it over. Gives how many there are."""
    for part in chunks(_left(lease.store), TOGETHER):
        lease.commit([("HSETNX", keys.old("legacy"), folded, new_id()) for folded in part])
    for part in chunks(_left(lease.store), TOGETHER):
        _carry(lease, part)
    return int(lease.store.ask(("HLEN", keys.old("legacy"))))


def carry_over_relations(lease: Lease, ids: Ids) -> None:
    """Who has invited whom, and whose invitations are refused: once everybody has an id."""
    for part in chunks(ids.of_folded.items(), TOGETHER):
        answers = lease.store.ask_all(
            [
                command
                for folded, _ in part
                for command in (
                    ("HGETALL", keys.user(folded, "inviters")),
                    ("SMEMBERS", keys.user(folded, "refused")),
                )
            ]
        )
        commands: list[Command] = []
        for (folded, user_id), inviters, refused in zip(
            part, answers[::2], answers[1::2], strict=True
        ):
            commands += _relations(ids, user_id, fields(inviters), refused)
            left = ("inviters", "refused", "rooms", "owned")
            commands.append(("DEL", *(keys.user(folded, what) for what in left)))
        lease.commit(commands)


def _relations(
    ids: Ids, user_id: str, inviters: dict[bytes, bytes], refused: list[bytes]
) -> Iterator[Command]:
    for room_id, name in inviters.items():
        if inviter := ids.of_account.get(name.decode()):
            yield "HSET", keys.person(user_id, "inviters"), room_id, inviter
    for folded in refused:
        if other := ids.of_folded.get(folded.decode()):
            yield "SADD", keys.person(user_id, "refused"), other


def _left(store: Store) -> Iterator[str]:
    """The folded names of accounts that are not carried over yet.

    By their own keys: the set ``users`` may lack one whose server ended while it was made.
    """
    start = keys.user("")
    for key in store.redis.scan_iter(match=start + "*", count=SCANNED):
        folded = key.decode().removeprefix(start)
        if ":" not in folded:
            yield folded


def _carry(lease: Lease, folded_names: list[str]) -> None:
    store = lease.store
    user_ids = store.ask(("HMGET", keys.old("legacy"), *folded_names))
    reads: list[Command] = []
    for folded in folded_names:
        reads += [("HGET", keys.user(folded), "name"), ("EXISTS", keys.user(folded, "places"))]
    answers: list[Any] = store.ask_all(reads)
    commands: list[Command] = []
    for folded, user_id, name, has_places in zip(
        folded_names, map(bytes.decode, user_ids), answers[::2], answers[1::2], strict=True
    ):
        # SCAN may give a key twice.
        if name is None:
            continue
        commands += [
            ("RENAME", keys.user(folded), keys.person(user_id)),
            ("HSETNX", keys.person(user_id), "displayName", ""),
            ("HSETNX", keys.person(user_id), "generation", 0),
            ("HSET", keys.old("names"), folded, user_id),
            ("SADD", keys.old("people"), user_id),
        ]
        if has_places:
            places = keys.user(folded, "places"), keys.person(user_id, "places")
            commands.append(("RENAME", *places))
    if commands:
        lease.commit(commands)
