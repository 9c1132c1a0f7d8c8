"""The operations that make rooms and decide who belongs to them.

Each checks access and input, changes the store, and tells those concerned. ``chat.conversation``
has what people say and do in rooms.
"""

from collections.abc import Sequence

from chat import (
    direct_rooms,
    invitations,
    memberships,
    message,
    owned_rooms,
    people,
    person_events,
    rate_limit,
    renaming,
    room_events,
    room_lifecycle,
    room_members,
    rooms,
    validation,
)
from chat.errors import N_, Conflict, Forbidden, Invalid, MaruError, NotFound
from chat.limits import Limits
from chat.memberships import Membership
from chat.people import Person
from chat.rooms import Room
from chat.store.question import Argument
from chat.store.store import Store

#: Characters of a room's description, and days in a room's own limit for its messages.
DESCRIPTION_MAX, DAYS_MAX = 500, 36_500


class RoomManagement:
    """The operations, over one store.

    ``rooms_to_publish`` collects the ids of rooms whose names, counts or members have changed; the
    heartbeat takes them from there.
    """

    def __init__(self, store: Store, limits: Limits, rooms_to_publish: set[str]) -> None:
        self._store = store
        self._limits = limits
        self._rooms_to_publish = rooms_to_publish

    def create(self, person: Person, name: object, private: object, encrypted: object) -> Room:
        """A new room. Raises ``Invalid``, ``Forbidden``, ``RateLimited``, ``Conflict``."""
        self._count_room(person)
        most = self._limits.rooms_per_person
        room = room_lifecycle.create(self._store, person, name, private, encrypted, most)
        renaming.catch_up(self._store, [person], room.room_id)
        person_events.tell_membership(self._store, room.room_id, [person.user_id])
        self._rooms_to_publish.add(room.room_id)
        return room

    def direct(self, person: Person, given: object) -> tuple[Room, bool]:
        """The direct room with these others, and whether it was made now.

        ``given`` is a list of userIds and names. Raises ``Invalid``, ``NotFound``, ``Forbidden``,
        ``RateLimited``.
        """
        rooms.check_may_chat(person)
        everybody = [person, *self._others(person, given)]
        others = everybody[1:]
        room = direct_rooms.find(self._store, everybody)
        absent = everybody
        if room is not None:
            absent = self._store.ask(direct_rooms.absent(room.room_id, everybody))
        added = [each for each in absent if each.user_id != person.user_id]
        invitations.check(self._store, person, added, self._are_invitations_limited)
        made = None
        if room is None:
            self._count_room(person)
            made = direct_rooms.create(self._store, person, others)
            room = made or direct_rooms.find(self._store, everybody)
        if room is None:
            raise Conflict(N_("Something has changed in the meantime. Try again."))
        if made is None and absent:
            # Another call may have made the room, or brought them back, since they were read.
            absent = direct_rooms.rejoin(self._store, person, room, absent)
            added = [each for each in absent if each.user_id != person.user_id]
        renaming.catch_up(self._store, absent, room.room_id)
        if absent:
            self._tell_added(room.room_id, person, added)
            person_events.tell_membership(self._store, room.room_id, [person.user_id])
        return room, made is not None

    def change(
        self,
        person: Person,
        room_id: object,
        name: object = None,
        description: object = None,
        archived: object = None,
        history_days: object = None,
    ) -> Room:
        """Change what is not ``None``. Raises ``Invalid``, ``NotFound``, ``Forbidden``."""
        room = rooms.access(self._store, person, room_id).room
        fields: dict[str, Argument] = {}
        if name is not None:
            fields["name"] = validation.room_name(name)
        if description is not None:
            fields["description"] = validation.description(description, DESCRIPTION_MAX)
        if archived is not None:
            fields["archived"] = int(validation.truth(archived, "archived"))
        if history_days is not None:
            fields["historyDays"] = validation.whole_number(
                history_days, "historyDays", 0, DAYS_MAX
            )
        if not fields:
            raise Invalid(N_("Give a name, a description, archived or historyDays."))
        while not room_lifecycle.change(self._store, person, room, fields):
            room = rooms.access(self._store, person, room_id).room
        self._rooms_to_publish.add(room.room_id)
        new = self._store.ask(rooms.room_question(room.room_id))
        room_events.tell_room(self._store, new)
        return new

    def close(self, person: Person, room_id: object) -> None:
        """Delete a room. Raises ``NotFound``, ``Forbidden`` for all but owner and admins.

        Nobody may delete a direct room.
        """
        room = rooms.access(self._store, person, room_id).room
        closing = message.body(room.room_id, person, "")
        room_lifecycle.close(self._store, person, room, closing)

    def set_member(
        self,
        person: Person,
        room_id: object,
        given: object,
        role: object = None,
        muted_until: object = None,
    ) -> Person:
        """Add a person to a room, or change the role of a member, or mute one; gives that person.

        ``given`` is a userId or a name. Raises ``Invalid``, ``NotFound``, ``Forbidden``,
        ``Conflict``, ``RateLimited``.
        """
        access = rooms.access(self._store, person, room_id)
        other = self._person(given)
        _check_active(other)
        i = access.room.room_id
        if role is not None and role not in rooms.ROLES:
            raise Invalid(N_("A role in a room is owner, moderator or member."))
        until = None if muted_until is None else validation.whole_number(muted_until, "mutedUntil")
        if other.user_id != person.user_id and access.may_moderate:
            is_known = self._store.ask(memberships.one(other.user_id, i)) is not None
            if not is_known:
                limited = self._are_invitations_limited
                invitations.check(self._store, person, [other], limited)
        most = self._limits.rooms_per_person
        if role == rooms.OWNER and other.user_id != access.room.owner_id:
            owned_rooms.check(self._store, other.user_id, most)
        before = access.room.owner_id
        done = room_members.set_member(
            self._store, person, i, other, str(role or ""), until, most, before
        )
        if done == "ADDED":
            renaming.catch_up(self._store, [other], i)
        if done == "ADDED" and other.user_id != person.user_id:
            self._tell_added(i, person, [other])
            room_events.tell_members(self._store, i, [other.user_id])
        elif done != "SAME":
            told = sorted({other.user_id, *([before] if role == rooms.OWNER else [])})
            person_events.tell_membership(self._store, i, told)
            room_events.tell_members(self._store, i, told)
            self._rooms_to_publish.add(i)
        return other

    def remove(
        self, person: Person, room_id: object, given: object, ban: int | None = None
    ) -> Person:
        """Take a member out of a room, with all connections on every worker; with ``ban`` also ban.

        Gives that person. Raises ``NotFound``, ``Forbidden``, ``Conflict``.
        """
        room = rooms.access(self._store, person, room_id).room
        other = self._person(given)
        lease, locale = self._limits.timing.lease, self._limits.locale
        # Twice a lease: by then every worker has renewed its leases, and noticed.
        i, hold = room.room_id, 2 * lease
        was_member = room_members.remove(self._store, person, i, other, locale, hold, ban)
        if not was_member and ban is None:
            raise NotFound(N_("That person is no member of this room."))
        if not was_member:
            # A person who was no member gets no event of the ban. Workers stop sending that person
            # the events of the list of rooms about this room.
            room_events.tell_members(self._store, i, [other.user_id])
            return other
        # Somebody may have added the person again before this is told.
        [event] = person_events.membership_events(self._store, [(other.user_id, i)])
        told = event or person_events.gone_event(i, ban is not None)
        person_events.tell(self._store, [([other.user_id], told)])
        room_events.tell_members(self._store, i, [other.user_id])
        self._rooms_to_publish.add(i)
        return other

    def ban(self, person: Person, room_id: object, given: object, until: object = None) -> None:
        """Take a person out of a room and keep the person out, until a time in ms or for good.

        Raises as ``remove`` does, and ``Invalid``.
        """
        end = 0 if until is None else validation.whole_number(until, "until", 1)
        self.remove(person, room_id, given, end)

    def unban(self, person: Person, room_id: object, given: object) -> None:
        """Raises ``NotFound``, and ``Forbidden`` for all but owner, moderators and admins."""
        room = rooms.access(self._store, person, room_id).room
        other = self._person(given)
        room_members.unban(self._store, person, room.room_id, other.user_id)

    def banned(self, person: Person, room_id: object) -> dict[str, int]:
        """Who is banned, by userId, and until when in ms. Raises as ``unban`` does."""
        checked_id = rooms.parse_id(room_id)
        access, [found] = rooms.read_within(
            self._store, person, checked_id, room_members.banned(checked_id)
        )
        if not access.may_moderate:
            raise Forbidden(N_("Your role in this room does not allow that."))
        banned: dict[str, int] = found
        return banned

    def end_membership_and_block(self, person: Person, room_id: object) -> None:
        """End one's membership, and block the person who added one to the room as an inviter.

        Raises as ``remove`` does.
        """
        room = rooms.access(self._store, person, room_id).room
        inviter = invitations.inviter(self._store, person, room.room_id)
        # Blocked first: else the inviter could add this person again in between.
        is_new = invitations.block(self._store, person, inviter) if inviter else False
        try:
            self.remove(person, room.room_id, person.user_id)
        except MaruError:
            if inviter and is_new:
                invitations.unblock(self._store, person, inviter)
            raise

    def change_own(
        self, person: Person, room_id: object, level: object, starred: object
    ) -> Membership:
        """One's own membership with another level or star. Raises ``Invalid``, ``NotFound``."""
        checked_id = rooms.access(self._store, person, room_id).room.room_id
        changed = memberships.change_own(self._store, person, checked_id, level, starred)
        person_events.tell_membership(self._store, checked_id, [person.user_id])
        return changed

    def _count_room(self, person: Person) -> None:
        rate = self._limits.room_rate
        rate_limit.throttle(self._store, "room", person.user_id, rate, 60, 3 * rate)

    def _person(self, given: object) -> Person:
        found = people.find(self._store, given) if isinstance(given, str) else None
        if found is None:
            # For what can be nobody's name that is said instead.
            name = validation.person_name(given)
            raise NotFound(N_("There is nobody called %(name)s."), name=name)
        return found

    def _others(self, person: Person, given: object) -> list[Person]:
        """The people, besides this person, whom a call for a direct room names."""
        if not isinstance(given, list) or not 1 <= len(given) < direct_rooms.PEOPLE_MAX:
            raise Invalid(N_("A direct room is for one to eight others."))
        found = {other.user_id: other for other in map(self._person, given)}
        found.pop(person.user_id, None)
        if not found:
            raise Invalid(N_("That is you yourself. Name somebody else to write to."))
        for other in found.values():
            _check_active(other)
            if not other.may_chat:
                raise Conflict(N_("A guest cannot enter the rooms yet."))
        return list(found.values())

    def _tell_added(self, room_id: str, person: Person, others: Sequence[Person]) -> None:
        """Tell people that ``person`` has added them."""
        added = [each.user_id for each in others]
        person_events.tell_membership(self._store, room_id, added, by=person.user_id)
        self._rooms_to_publish.add(room_id)

    @property
    def _are_invitations_limited(self) -> bool:
        return self._limits.room_rate > 0


def _check_active(person: Person) -> None:
    if person.deactivated:
        raise Conflict(N_("This account is deactivated."))
