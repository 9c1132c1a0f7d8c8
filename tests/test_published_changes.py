"""What changes while a worker publishes earlier changes is published the next time."""

import pytest

from chat import control_messages


@pytest.mark.parametrize("kind", [control_messages.JOINED, control_messages.ROOMS])
def test_a_room_joined_during_a_publication_is_published_after_it(
    kind, app_with, made, room_management, told
):
    heartbeat = app_with().extensions["live"]._heartbeat
    conversation, store = heartbeat._gateway.conversation, heartbeat._gateway.store
    ann, ben = made("ann"), made("ben")
    before, meanwhile = (room_management.create(ann, n, None, None).room_id for n in ("a", "b"))
    conversation.join(ben, before, "sid")
    told()
    send_commands, waiting = store.send_commands, [meanwhile]

    def send(commands):
        """Before the store gets the publication, its caller waiting, ben joins another room."""
        if waiting and is_publication(commands, kind):
            conversation.join(ben, waiting.pop(), "sid")
        return send_commands(commands)

    store.send_commands = send
    heartbeat._publish_changes()
    assert rooms_in(told(), kind) == [before]
    heartbeat._publish_changes()
    assert rooms_in(told(), kind) == [meanwhile]


def is_publication(commands, kind):
    return any(c[0] == "PUBLISH" and c[2].startswith(b'{"%b":' % kind.encode()) for c in commands)


def rooms_in(messages, kind):
    """The rooms that these control messages of a kind name."""
    found = [each for message in messages for each in message.get(kind, [])]
    return [each[1] if kind == control_messages.JOINED else each for each in found]
