"""Whether this worker is alive and ready, as load balancers and supervisors ask."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from chat.store import error_replies
from chat.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Is this process alive? The store is left out of it: restarting us would not mend that."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Should this worker get requests? Whether the store takes writes, the live side knows."""
    try:
        services().store.redis.ping()
    except RedisError as error:
        return {"status": "unready", "reason": error_replies.reason(error)}, 503
    reason = services().readiness()
    if reason is not None:
        return {"status": "unready", "reason": reason}, 503
    return {"status": "ok"}
