"""What load balancers, supervisors and monitoring ask."""

from collections.abc import Iterator
from dataclasses import replace

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from chat.archive import state
from chat.archive.state import State
from chat.store import error_replies
from chat.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Is this process alive? The store is left out of it: restarting us would not mend that."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Should this worker get requests? Whether the store takes writes, the live side knows.

    An archive that is away is told, and is no reason to get none: chat goes on without it.
    """
    try:
        archive = _archive()
    except RedisError as error:
        return {"status": "unready", "reason": error_replies.reason(error)}, 503
    reason = services().readiness()
    if reason is not None:
        return {"status": "unready", "reason": reason}, 503
    return {"status": "ok", "archive": archive.wire()}


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The archive in numbers, in the text format of Prometheus."""
    try:
        archive = _archive()
    except RedisError as error:
        return {"status": "unready", "reason": error_replies.reason(error)}, 503
    return Response("".join(_metrics(archive)), content_type="text/plain; version=0.0.4")


def _archive() -> State:
    """How the archive is, to its follower and to this worker. Raises ``RedisError``."""
    found = services().store.ask(state.state_question())
    unreadable = services().archive.trouble
    if unreadable and not found.trouble:
        return replace(found, trouble=f"This worker cannot read the archive: {unreadable}.")
    return found


def _metrics(archive: State) -> Iterator[str]:
    for name, about, value in (
        ("maru_archive_up", "1 while the archive is written to.", 0 if archive.trouble else 1),
        ("maru_archive_rooms_waiting", "Rooms with entries to be archived.", archive.rooms),
        (
            "maru_archive_behind_seconds",
            "How long the first of them has waited.",
            f"{archive.behind:.1f}",
        ),
    ):
        yield f"# HELP {name} {about}\n# TYPE {name} gauge\n{name} {value}\n"
