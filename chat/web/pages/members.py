"""The pages of who belongs to a room: the list, one person in it, and what may be done about both.

The page of a room shows the same parts in its dialogs: ``static/js/members.js``.
"""

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat import invitations, people, room_members, rooms
from chat.errors import N_, Invalid
from chat.people import Person
from chat.room_members import Member
from chat.rooms import DIRECT, MODERATOR, OWNER, Access
from chat.store import clock
from chat.web.identity import members_only
from chat.web.pages import addressees
from chat.web.pages.forms import done
from chat.web.pages.rail import called
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("members", __name__, url_prefix="/rooms/<room_id>/members")
blueprint.before_request(members_only)

#: Members on a page of the list.
_MEMBERS = 50
#: How long one may be muted from here, in ms.
_MUTED_MS = {"hour": 3_600_000, "day": 86_400_000, "off": 0}


@blueprint.get("", endpoint="list")
def list_members(room_id: str) -> ResponseReturnValue:
    """Owner and moderators first, then by name; the cursor is the position in that order."""
    store, given = services().store, request.args.get("cursor", "")
    start = int(given) if given.isascii() and given.isdigit() and len(given) <= 9 else 0
    asked = room_members.page(room_id, start, _MEMBERS, by_role=True)
    access, [(page, total)] = rooms.read_within(store, _me(), room_id, asked)
    banned = services().room_management.banned(_me(), room_id) if access.may_moderate else {}
    following = start + _MEMBERS
    # A direct room is called as all its people are, of which there are few.
    known = people.find_by_ids(store, [*(each.user_id for each in page), *banned])
    shown = {user_id: person.shown for user_id, person in known.items()}
    return render(
        "members.html",
        room=called(access.room, _me(), [each.user_id for each in page], shown),
        members=page,
        known=known,
        banned=_kept_out(banned, known, for_good=True) if not start else [],
        out=_kept_out(banned, known, for_good=False) if not start else [],
        next=following if following < total else None,
    )


def _kept_out(banned: dict[str, int], known: dict[str, Person], for_good: bool) -> list[Person]:
    """Who is banned for good, or else for a while, as whoever was removed from an open room.
    Nobody comes back with an account that is deleted."""
    found = [known[i] for i, until in banned.items() if i in known and (until == 0) == for_good]
    return [person for person in found if not person.deleted]


@blueprint.get("/<user_id>")
def person(room_id: str, user_id: str) -> ResponseReturnValue:
    """One person, and what the caller may do about this person in the room."""
    store = services().store
    rooms.access(store, _me(), room_id)
    other = people.find(store, user_id)
    if other is None:
        abort(404)
    asked = room_members.of(room_id, [other.user_id])
    access, [listed] = rooms.read_within(store, _me(), room_id, asked)
    member = listed[0] if listed else None
    banned = services().room_management.banned(_me(), room_id) if access.may_moderate else {}
    return render(
        "member.html",
        room=access.room,
        other=other,
        member=member,
        may=_allowed(access, other, member, other.user_id in banned),
        out_until=banned.get(other.user_id, 0) if member is None else 0,
    )


def _allowed(access: Access, other: Person, member: Member | None, is_banned: bool) -> set[str]:
    """What the page offers. Scripts decide what may be done: ``lua/set_member.lua`` and others."""
    mine = OWNER if access.may_manage else access.role
    is_own, is_direct = other.user_id == _me().user_id, access.room.kind == DIRECT
    may: set[str] = set()
    if not is_own and other.may_chat:
        may.add("message")
    if member is None:
        return may | ({"unban"} if is_banned and not other.deleted else set())
    if is_own:
        return may | ({"give_up"} if is_direct or member.role != OWNER else set())
    if is_direct or member.role == OWNER:
        return may
    if mine == OWNER:
        may |= {"member" if member.role == MODERATOR else "moderator", "owner", "remove", "ban"}
    if mine == MODERATOR and member.role != MODERATOR:
        may |= {"remove", "ban"}
    if "remove" in may:
        may.add("unmute" if member.is_muted else "mute")
    return may


@blueprint.post("")
def add(room_id: str) -> ResponseReturnValue:
    meant = addressees.one(services().store, request.form.get("name", ""))
    guest = services().room_management.set_member(_me(), room_id, meant.user_id)
    return _done(url_for("pages.room", room_id=room_id), guest)


@blueprint.post("/role")
def set_role(room_id: str) -> ResponseReturnValue:
    given, role = request.form.get("name"), request.form.get("role", "")
    changed = services().room_management.set_member(_me(), room_id, given, role)
    return _done(_list_of(room_id), changed)


@blueprint.post("/mute")
def mute(room_id: str) -> ResponseReturnValue:
    """``for`` is ``hour``, ``day`` or ``off``."""
    span = _MUTED_MS.get(request.form.get("for", ""))
    if span is None:
        raise Invalid(N_("One is muted for an hour, for a day, or not."))
    until = services().store.ask(clock.NOW) + span if span else 0
    given = request.form.get("name")
    muted = services().room_management.set_member(_me(), room_id, given, None, until)
    return _done(_list_of(room_id), muted)


@blueprint.post("/remove")
def remove(room_id: str) -> ResponseReturnValue:
    removed = services().room_management.remove(_me(), room_id, request.form.get("name"))
    # Out of a room one may not see the page of it.
    is_own = removed.user_id == _me().user_id
    target = url_for("pages.rooms") if is_own else url_for("pages.room", room_id=room_id)
    return _done(target, removed)


@blueprint.post("/ban")
def ban(room_id: str) -> ResponseReturnValue:
    services().room_management.ban(_me(), room_id, request.form.get("name"))
    return _done(_list_of(room_id), people.get(services().store, request.form.get("name", "")))


@blueprint.post("/unban")
def unban(room_id: str) -> ResponseReturnValue:
    services().room_management.unban(_me(), room_id, request.form.get("name"))
    return _done(_list_of(room_id), people.get(services().store, request.form.get("name", "")))


@blueprint.post("/refuse")
def end_membership_and_block(room_id: str) -> ResponseReturnValue:
    services().room_management.end_membership_and_block(_me(), room_id)
    return done(url_for("pages.rooms"), then=url_for("pages.rooms"))


@blueprint.post("/noted")
def take_note(room_id: str) -> ResponseReturnValue:
    """The caller has read who added him or her: the page does not say it any more."""
    store = services().store
    room = rooms.access(store, _me(), room_id).room
    invitations.take_note(store, _me(), room.room_id)
    return done(url_for("pages.room", room_id=room_id))


def _list_of(room_id: str) -> str:
    return url_for("members.list", room_id=room_id)


def _done(target: str, other: Person) -> ResponseReturnValue:
    return done(target, name=other.shown, userId=other.user_id)


def _me() -> Person:
    me: Person = current_user.person
    return me
