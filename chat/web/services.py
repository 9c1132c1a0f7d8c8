"""What the handlers work with: the parts that ``create_app`` built, kept with the app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from chat.archive.archive import Archive
from chat.conversation import Conversation
from chat.passwords import Hasher
from chat.room_management import RoomManagement
from chat.search import Search
from chat.store.store import Store
from config import Settings


@dataclass(frozen=True)
class Services:
    """``readiness`` gives ``None``, or one line on why this worker should get no requests."""

    settings: Settings
    store: Store
    conversation: Conversation
    room_management: RoomManagement
    search: Search
    archive: Archive
    hasher: Hasher
    readiness: Callable[[], str | None]


def services() -> Services:
    """The parts of the running app. Needs an app context, not a request."""
    return cast(Services, current_app.extensions["maru"])
