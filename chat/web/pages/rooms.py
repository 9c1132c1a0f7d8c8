"""The pages of the chat: the rooms, and one room."""

import orjson
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat import directory, history, memberships, presence, rooms, validation
from chat.errors import N_, Invalid, MaruError
from chat.people import Person
from chat.rooms import Room
from chat.web.errors import from_script, problem
from chat.web.identity import members_only
from chat.web.pages.forms import RoomForm, done
from chat.web.pages.message_rows import message_rows
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("pages", __name__)

#: Rooms on one page of the list.
_ROOMS = 100
#: Names that the page of a room lists; the page's script learns of the others.
_PEOPLE = 200


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
    if request.method == "GET":
        return _rooms_page(form)
    try:
        room = services().conversation.create(
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
    here, (page, people, members) = rooms.read_within(
        store,
        _me(),
        room_id,
        history.newest(room_id),
        presence.some_people(room_id, _PEOPLE),
        memberships.listing(room_id),
    )
    parts_only = request.headers.get("X-Requested-With") == "swup"
    listed, following = ([], "") if parts_only else directory.page(store, _me(), limit=_ROOMS)
    if here.room_id not in {other.room_id for other in listed}:
        # The open room is in the list, however long nothing has been said in it.
        listed.append(here)
    for_script = {
        "roomId": here.room_id,
        "owner": here.owner,
        "private": here.private,
        "encrypted": here.encrypted,
        "epoch": page.epoch,
        "seq": page.seq,
        "more": page.more,
        "talk": {"seq": here.seq, "said": here.said, "saidBy": here.said_by},
        "messageMax": services().settings.message_max,
        "graceSeconds": services().settings.presence_grace,
    }
    messages = [orjson.loads(message) for message in page.messages]
    return render(
        "room.html",
        page=for_script,
        parts_only=parts_only,
        room=here,
        messages=messages,
        rows=message_rows(messages),
        more=page.more,
        epoch=page.epoch,
        people=people,
        rooms=listed,
        next=following,
        may_manage=here.is_managed_by(_me()),
        members=members if here.private else [],
        inviter=memberships.inviter(store, _me(), here.room_id) if here.private else None,
    )


@blueprint.post("/rooms/<room_id>/rename")
def rename_room(room_id: str) -> ResponseReturnValue:
    renamed = services().conversation.rename(_me(), room_id, request.form.get("name"))
    return done(url_for("pages.room", room_id=room_id), name=renamed.name)


@blueprint.post("/rooms/<room_id>/delete")
def delete_room(room_id: str) -> ResponseReturnValue:
    typed = request.form.get("name")
    if typed is not None:
        _check_name(rooms.manage(services().store, _me(), room_id), typed)
    services().conversation.close(_me(), room_id)
    return done(url_for("pages.rooms"))


@blueprint.post("/rooms/<room_id>/members")
def add_member(room_id: str) -> ResponseReturnValue:
    guest = services().conversation.invite(_me(), room_id, request.form.get("name"))
    return done(url_for("pages.room", room_id=room_id), name=guest.name)


@blueprint.post("/rooms/<room_id>/members/remove")
def remove_member(room_id: str) -> ResponseReturnValue:
    name = request.form.get("name")
    services().conversation.remove(_me(), room_id, name)
    return done(url_for("pages.room", room_id=room_id), name=name)


@blueprint.post("/rooms/<room_id>/members/refuse")
def leave_and_refuse(room_id: str) -> ResponseReturnValue:
    services().conversation.leave_and_refuse(_me(), room_id)
    return redirect(url_for("pages.rooms"))


@blueprint.post("/settings/accept")
def accept_again() -> ResponseReturnValue:
    memberships.accept_again(services().store, _me(), request.form.get("name"))
    return redirect(url_for("auth.settings"))


def _check_name(room: Room, typed: str) -> None:
    """Whoever deletes a room by hand types its name; capital letters do not matter."""
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
    q = request.args.get("q", "")
    found, cursor = directory.page(
        services().store, _me(), q, request.args.get("cursor", ""), limit=_ROOMS
    )
    return render("rooms.html", rooms=found, next=cursor, q=q, form=form, problem=problem)
