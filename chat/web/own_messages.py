"""The download of all that one has said, as page and API share it."""

from flask import Response

from chat import own_messages
from chat.people import Person
from chat.web.services import services


def download(person: Person) -> Response:
    """JSON Lines, sent while they are read. Raises as ``own_messages.lines`` does."""
    lines = own_messages.lines(services().store, services().archive, person)
    answer = Response(lines, mimetype="application/jsonl")
    answer.headers["Content-Disposition"] = 'attachment; filename="maru-messages.jsonl"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
