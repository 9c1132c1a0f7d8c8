"""A member who is removed during a request for a page sees nothing of what follows."""

import pytest

from chat import people


@pytest.fixture
def removed_at_the_door(app, store):
    """``removed_at_the_door(room_id)``: dan is taken out as soon as he was found to be a member.

    The store is the real one: only the moment between two of the app's writes is used.
    """
    parts = app.extensions["maru"]

    def watch(room_id):
        send_commands, members = parts.store.send_commands, f"maru:room:{{{room_id}}}:members"
        done = []

        def send_and_remove(commands):
            answers = send_commands(commands)
            asked = [("HGET", members) == tuple(command[:2]) for command in commands]
            if any(asked) and not done:
                done.append(True)
                owner = people.find(store, "bora")
                parts.room_management.remove(owner, room_id, "dan")
                parts.conversation.talk(owner, room_id, "now that dan is gone")
                parts.room_management.set_member(owner, room_id, "zelda")
            return answers

        parts.store.send_commands = send_and_remove
        return done

    return watch


@pytest.mark.parametrize("path", ["/rooms/{}", "/api/rooms/{}/members", "/api/rooms/{}/messages"])
def test_nothing_is_told_that_came_after_the_removal(
    bora, attic, bot, login, register, removed_at_the_door, path
):
    register("zelda")
    room_id = attic.rpartition("/")[2]
    reader = bot("dan") if path.startswith("/api") else login("dan")
    assert bora.put(f"{attic}/members/dan").status_code == 204
    done = removed_at_the_door(room_id)
    told = reader.get(path.format(room_id)).text
    assert done
    assert "now that dan is gone" not in told
    assert "zelda" not in told
