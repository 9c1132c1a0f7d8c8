"""What somebody does in a room, for the tests of what may change meanwhile."""

#: By its name: the script that decides about it, and the call. It takes a place with ``ben``, the
#: ``room_id`` of the room where ``ben`` is over ``s1``, ``seq`` of what ``ben`` has said in it, and
#: a ``conversation``.
OF_WHO_IS_HERE = {
    "join": ("enter", lambda p: p.conversation.join(p.ben, p.room_id, "s2")),
    "join again": ("enter", lambda p: p.conversation.join(p.ben, p.room_id, "s1")),
    "talk": ("append", lambda p: p.conversation.talk(p.ben, p.room_id, "still here", sid="s1")),
    "talk as bot": ("append", lambda p: p.conversation.talk(p.ben, p.room_id, "still here")),
    "edit": ("alter", lambda p: p.conversation.edit(p.ben, p.room_id, p.seq, "ho", sid="s1")),
    "edit as bot": ("alter", lambda p: p.conversation.edit(p.ben, p.room_id, p.seq, "ho")),
    "delete": ("alter", lambda p: p.conversation.delete(p.ben, p.room_id, p.seq)),
    "react": ("alter", lambda p: p.conversation.react(p.ben, p.room_id, p.seq, "👍", True)),
    "type": ("typing", lambda p: p.conversation.type(p.ben, p.room_id, "s1")),
}


def named(calls):
    """``parametrize`` with these: name -> script and call."""
    return {"argvalues": list(calls.values()), "ids": list(calls)}
