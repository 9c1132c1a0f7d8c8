"""Bugs to be found: planted from outside into a copy of Maru, which knows nothing of it.

Each is a few replacements of text in the copy. Where a text is not there any more, planting fails
rather than that nothing is planted.
"""

import shutil
from pathlib import Path

#: The folders that are copied, beside all Python files at the top; the rest a running Maru does not
#: need.
FOLDERS = ("chat", "templates", "static", "translations")

LIB, FANOUT = "chat/lua/lib.lua", "chat/live/fanout.py"
#: In a script: true once in so many times.
ONCE_IN = "tonumber(redis.call('TIME')[2]) % {} == 0"

#: By its name: the file, a text in it, and what stands there instead.
PLANTS: dict[str, list[tuple[str, str, str]]] = {
    # An append without de-duplication.
    "dedup": [
        (
            LIB,
            "local function remembered(sent, what)\n",
            "local function remembered(sent, what)\n  if sent then return nil end\n",
        )
    ],
    # A publish is lost now and then. Of a stored message a worker finds that out; of an ENTER or
    # QUIT nobody can.
    "publish": [
        (
            LIB,
            "      redis.call('PUBLISH', room, stamp(",
            f"      local lost = {ONCE_IN.format(4)}\n"
            "      redis.call(lost and 'EXISTS' or 'PUBLISH', room, stamp(",
        )
    ],
    # The same of a stored message, and a worker that sends what it receives, whatever its number.
    "gap": [
        *(
            (
                f"chat/lua/{script}.lua",
                "redis.call('PUBLISH', room, payload)\n",
                f"if not ({ONCE_IN.format(4)}) then redis.call('PUBLISH', room, payload) end\n",
            )
            for script in ("append", "alter")
        ),
        (
            FANOUT,
            "elif not epoch and seq == subscription.seq + 1:",
            "elif seq > subscription.seq:",
        ),
    ],
    # A QUIT is told twice.
    "quit": [
        (
            LIB,
            "    for _, id in ipairs(body ~= '' and people or {}) do\n",
            "    if kind == 'QUIT' and #people > 0 then people = {people[1], unpack(people)} end\n"
            "    for _, id in ipairs(body ~= '' and people or {}) do\n",
        )
    ],
    # A count that drifts: most of those who go are still counted.
    "count": [
        (
            LIB,
            "    if redis.call('ZREM', conns, lease_id) == 1 then\n",
            f"    if redis.call('ZREM', conns, lease_id) == 1 and {ONCE_IN.format(4)} then\n",
        )
    ],
    # Nobody has the time of the grace to come back in.
    "grace": [
        ("chat/lua/shorten_leases.lua", "clock(ARGV[1]) + tonumber(ARGV[2])", "clock(ARGV[1])"),
    ],
    # A removal is told once, and a worker that did not receive it does not ask who is a member.
    "missed_removal": [
        (LIB, "  if role and private then return end\n", "  if private then return end\n"),
        ("chat/live/room_subscription.py", "return page, out\n", "return page, set()\n"),
        ("chat/lua/renew.lua", "  if is_out then\n", "  if false then\n"),
    ],
    # Whoever is banned from an open room may come back at once.
    "ban": [
        (LIB, "  return till and (till == '0' or tonumber(till) > at)\n", "  return false\n"),
        (
            "chat/rooms.py",
            "    return until is not None and (until",
            "    return until is False and (until",
        ),
    ],
    # A worker does not look up again who was renamed.
    "old_name": [
        (
            "chat/live/gateway.py",
            "self._token_cache.invalidate(lambda c: c.person.user_id == user_id)",
            "self._token_cache.invalidate(lambda c: c is user_id)",
        )
    ],
    # Whoever is in a room may delete what others have said.
    "moderation": [
        (
            "chat/lua/alter.lua",
            "local may = kind == 'REACT' or said.senderId == sender or moderates or erases\n",
            "local may = kind ~= 'EDIT' or said.senderId == sender or erases\n",
        )
    ],
    # Two who ask for the direct room of their group at the same time make two.
    "direct": [
        (
            "chat/lua/create_direct.lua",
            "if is_another or redis.call('EXISTS', before) == 1 then return 0 end\n",
            "",
        )
    ],
    # What is deleted stays unread.
    "unread": [
        ("chat/lua/lib_stream.lua", "  redis.call('ZADD', deleted, n, n)\n", ""),
    ],
    # Whoever joins an open room does not find it in the own list.
    "own_rooms": [
        (
            "chat/lua/enter.lua",
            "    add_to_own_rooms(rooms_of, room, at)\n",
            "",
        )
    ],
    # An edit of a message that was archived before does not reach it.
    "archived_edit": [
        (
            "chat/archive/changes.py",
            'if entry["type"] in ("EDIT", "REACT")}',
            'if entry["type"] == "REACT"}',
        )
    ],
    # Who is lost while others are taken out of their rooms keeps the lease to its end.
    "late_quit": [
        (
            "chat/live/gateway.py",
            "                lost, self._to_shorten = self._to_shorten, []\n",
            "                lost = list(self._to_shorten)\n",
        ),
        (
            "chat/live/gateway.py",
            "        finally:\n            self._is_shortening = False\n",
            "                self._to_shorten.clear()\n"
            "        finally:\n            self._is_shortening = False\n",
        ),
    ],
    # Without reserved space the store acknowledges messages that it then cannot write, and a
    # supervisor that begins no new life lets it give their numbers to other messages.
    "space": [
        (
            "chat/store/append_only_file.py",
            "        if self._fd is None:\n            return False\n"
            "        wanted = self._bytes_to_reserve()\n",
            "        if self._fd is not None:\n            return True\n"
            "        wanted = self._bytes_to_reserve()\n",
        ),
        (
            "chat/store/supervisor.py",
            "if self._took_writes and (self._writes_fail or not self._file.has_all_writes()):\n",
            "if self._data_dir is None:\n",
        ),
    ],
    # Whoever comes back is not given all that was missed.
    "hole": [
        (
            "chat/history.py",
            "        found = [message.on_wire(entry_id[2:], stored)",
            "        entries = [entry for entry in entries if int(entry[0][2:]) % 5]\n"
            "        found = [message.on_wire(entry_id[2:], stored)",
        )
    ],
}


def planted(source: Path, folder: Path, plant: str) -> Path:
    """A copy of Maru with this bug in it. Raises ``LookupError`` where it has no place."""
    copy = folder / "maru"
    for part in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / part, copy / part, ignore=ignored)
    for path in source.glob("*.py"):
        shutil.copy2(path, copy)
    for name, old, new in PLANTS[plant]:
        path = copy / name
        text = path.read_text("utf-8")
        if text.count(old) != 1:
            raise LookupError(f"{name} has no such place for {plant}: {old!r}")
        path.write_text(text.replace(old, new), "utf-8")
    return copy
