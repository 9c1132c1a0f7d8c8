"""The pages of the chat: the rooms, and one room."""

from dataclasses import replace

import orjson
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat import (
    history,
    invitations,
    memberships,
    people,
    presence,
    room_directory,
    room_members,
    rooms,
    validation,
)
from chat.errors import N_, Invalid, MaruError, Unavailable
from chat.pages import Around
from chat.people import Person
from chat.room_members import Member
from chat.rooms import DIRECT, MEMBER, Room
from chat.web.errors import from_script, problem
from chat.web.identity import members_only
from chat.web.pages.forms import RoomForm, done
from chat.web.pages.message_rows import message_rows, people_of
from chat.web.pages.rail import OwnRooms, called, own_rooms
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("pages", __name__)

#: Rooms on one page of the list.
_ROOMS = 100
#: Names that the page of a room lists; the page's script learns of the others.
_PEOPLE = 200
#: Members of an open room of whom the page of the room knows the roles of all.
_LISTED = 1000


@blueprint.before_request
def guard() -> ResponseReturnValue | None:
    # The front door tells nothing, and leads to a page that is guarded.
    return None if request.endpoint == "pages.index" else members_only()


@blueprint.get("/")
def index() -> ResponseReturnValue:
    return redirect(url_for("pages.rooms"))


@blueprint.route("/rooms", methods=["GET", "POST"], endpoint="rooms")
def list_or_create() -> ResponseReturnValue:
    form = RoomForm()
    if request.method != "POST":
        return _rooms_page(form)
    try:
        room = services().room_management.create(
            _me(), form.name.data, form.private.data, form.encrypted.data
        )
    except MaruError as error:
        if from_script():
            raise
        return _rooms_page(form, problem(error)), error.status
    address = url_for("pages.room", room_id=room.room_id)
    return done(address, then=address)


@blueprint.get("/rooms/<room_id>")
def room(room_id: str) -> ResponseReturnValue:
    store = services().store
    room_id = rooms.parse_id(room_id)
    here, number = store.ask_all(
        [rooms.access_question(_me(), room_id), room_members.number(room_id)]
    )
    # The members of an open room may be thousands.
    is_small = here.room.private or number <= _LISTED
    access, (page, present, listed) = rooms.read_within(
        store,
        _me(),
        room_id,
        history.newest(room_id),
        presence.present(room_id, _PEOPLE),
        room_members.listed(room_id) if is_small else room_members.of(room_id, [_me().user_id]),
    )
    access_again = rooms.access_question(_me(), room_id)
    page = history.complete(store, page, access_again)
    page = services().conversation.pages.newest(room_id, page, history.FRESH, access_again)
    at = number_of(request.args.get("at", ""))
    around = _around(room_id, at) if at else None
    if around is not None:
        page = replace(
            page,
            messages=around.messages,
            seq=around.seq,
            epoch=around.epoch,
            more=around.more_before,
        )
    more_after = around is not None and around.more_after
    members: list[Member] = listed
    if not is_small:
        members = store.ask(room_members.of(room_id, [each.user_id for each in present]))
    is_direct = access.room.kind == DIRECT
    others = [each.user_id for each in members if is_direct and each.user_id != _me().user_id]
    inviter = invitations.inviter(store, _me(), room_id)
    talks = [orjson.loads(message) for message in page.messages]
    ids = {
        *people_of(talks),
        *(each.user_id for each in present),
        *others,
        access.room.owner_id,
        *([inviter] if inviter else []),
    }
    # A page that goes from room to room has the list of rooms already.
    parts_only = request.headers.get("X-Requested-With") == "swup"
    own = OwnRooms([], {}, {}, {}) if parts_only else own_rooms(store, _me())
    found = people.find_by_ids(store, ids)
    shown = own.shown | {user_id: person.shown for user_id, person in found.items()}
    gone = {user_id: person.gone for user_id, person in found.items() if person.gone}
    room = called(access.room, _me(), others, shown)
    if room.room_id not in {other.room_id for other in own.rooms}:
        # Who looks into an open room becomes a member of it by joining, which the script does.
        own.rooms.insert(0, room)
    begin = own.first(room.room_id)
    mine = next((each for each in members if each.user_id == _me().user_id), None)
    muted_until = mine.muted_until if mine and mine.is_muted else 0
    membership = store.ask(memberships.one(_me().user_id, room.room_id))
    for_script = {
        "roomId": room.room_id,
        "owner": room.owner,
        "ownerId": room.owner_id,
        "kind": room.kind,
        "role": access.role,
        "isAdmin": access.is_admin,
        "mutedUntil": muted_until,
        "archived": room.archived,
        "others": others,
        "roles": {m.user_id: [m.role, m.muted_until if m.is_muted else 0] for m in marked(members)},
        "private": room.private,
        "encrypted": room.encrypted,
        "epoch": page.epoch,
        "seq": page.seq,
        "more": page.more,
        "moreAfter": more_after,
        "at": at,
        "read": membership.read if membership else None,
        "unread": membership.unread if membership else 0,
        "messageMax": services().settings.message_max,
        "graceSeconds": services().settings.presence_grace,
    }
    return render(
        "room.html",
        page={**for_script, "people": shown, "gone": gone},
        parts_only=parts_only,
        room=room,
        rows=message_rows(talks, shown, gone),
        changed=[talk for talk in talks if "reactions" in talk or "editedAt" in talk],
        shown=shown,
        more=page.more,
        more_after=more_after,
        at=at,
        epoch=page.epoch,
        people=present,
        own=begin,
        has_more=len(own.rooms) > len(begin.rooms),
        access=access,
        history_days=services().settings.history_days,
        roles={member.user_id: member for member in marked(members)},
        muted_until=muted_until,
        inviter=inviter if inviter in shown else None,
        is_news=bool(inviter) and invitations.is_news(store, _me(), room_id),
    )


def number_of(given: str) -> int:
    """The number of a message in an address; 0 for what none can have."""
    value = int(given) if given.isascii() and given.isdigit() and len(given) < 17 else 0
    return value if value <= validation.NUMBER_MAX else 0


def _around(room_id: str, seq: int) -> Around | None:
    """The messages around one that an address leads to; ``None`` where they cannot be read now."""
    try:
        return services().conversation.around(_me(), room_id, seq)
    except Unavailable:
        return None


def marked(members: list[Member]) -> list[Member]:
    """Those who are more, or less, than plain members."""
    return [member for member in members if member.role != MEMBER or member.is_muted]


@blueprint.post("/rooms/<room_id>/rename")
def rename_room(room_id: str) -> ResponseReturnValue:
    renamed = services().room_management.change(_me(), room_id, request.form.get("name", ""))
    return done(url_for("pages.room", room_id=room_id), name=renamed.name)


@blueprint.post("/rooms/<room_id>/delete")
def delete_room(room_id: str) -> ResponseReturnValue:
    typed = request.form.get("name")
    if typed is not None:
        _check_name(rooms.access(services().store, _me(), room_id).room, typed)
    services().room_management.close(_me(), room_id)
    return done(url_for("pages.rooms"))


@blueprint.post("/rooms/<room_id>/describe")
def describe_room(room_id: str) -> ResponseReturnValue:
    text = request.form.get("description", "")
    services().room_management.change(_me(), room_id, description=text)
    return done(url_for("pages.room", room_id=room_id))


@blueprint.post("/rooms/<room_id>/archive")
def archive_room(room_id: str) -> ResponseReturnValue:
    """``archived`` is 1 for a room that can only be read, or 0."""
    archived = request.form.get("archived") == "1"
    services().room_management.change(_me(), room_id, archived=archived)
    return done(url_for("pages.room", room_id=room_id))


@blueprint.post("/rooms/<room_id>/keep")
def keep_messages(room_id: str) -> ResponseReturnValue:
    """``days`` is how long messages are kept; empty or 0 for as long as everywhere."""
    given = request.form.get("days", "").strip() or "0"
    days = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else given
    services().room_management.change(_me(), room_id, history_days=days)
    return done(url_for("pages.room", room_id=room_id))


@blueprint.post("/settings/accept")
def unblock_inviter() -> ResponseReturnValue:
    store = services().store
    other = people.find(store, request.form.get("name", ""))
    if other is not None:
        invitations.unblock(store, _me(), other.user_id)
    return redirect(url_for("auth.settings"))


def _check_name(room: Room, typed: str) -> None:
    """To delete a room by the form one types its name; capital letters do not matter."""
    try:
        same = validation.room_name(typed).casefold() == room.name.casefold()
    except Invalid:
        same = False
    if not same:
        raise Invalid(N_("That is not the name of this room. Nothing was deleted."))


def _me() -> Person:
    me: Person = current_user.person
    return me


def _rooms_page(form: RoomForm, problem: str | None = None) -> str:
    q, store = request.args.get("q", ""), services().store
    after = request.args.get("cursor", "")
    found, cursor = room_directory.page(store, _me(), q, after, limit=_ROOMS)
    own = own_rooms(store, _me())
    return render(
        "rooms.html",
        page={"people": own.shown},
        rooms=[room for room in found if room.kind != DIRECT],
        own=own,
        next=cursor,
        q=q,
        form=form,
        problem=problem,
    )
