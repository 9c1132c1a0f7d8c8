"""What workers publish to one another has a name, and a function that handles it."""

from chat import control_messages
from chat.live.control import HANDLERS


def test_each_kind_of_control_message_has_its_handler():
    kinds = {value for name, value in vars(control_messages).items() if name.isupper()}
    assert kinds == HANDLERS.keys()
    assert len(set(HANDLERS.values())) == len(kinds)


def test_the_first_field_is_the_kind():
    """A message about a person also lists rooms, which is another kind's field."""
    message = {control_messages.PERSON: {"userId": "u1"}, control_messages.ROOMS: ["r1"]}
    assert control_messages.kind_of(message) == control_messages.PERSON
