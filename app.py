"""Builds the app of one worker. ``python app.py`` serves in one process, for a quick start."""

if __name__ == "__main__":
    import chat.transport.monkey_patch  # noqa: F401

import logging
import sys

from flask import Flask

import config
from chat import key_prefix, script_errors, store_warnings, web
from chat.archive import starter
from chat.archive.archive import Archive
from chat.archive.errors import ArchiveError
from chat.conversation import Conversation
from chat.errors import N_
from chat.limits import Limits
from chat.live.hashing import HashingQueue
from chat.live.server import Caps, LiveServer
from chat.migrations import start
from chat.passwords import Hasher
from chat.presence import Timing
from chat.room_management import RoomManagement
from chat.search import Search
from chat.store import embedded, store, store_choice, watched
from chat.transport.native_thread import NativeThread


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application for one worker. Raises ``StoreError``; exits on a wrong setting.

    Its live side receives nothing before ``app.extensions["live"].start()``. A worker calls that
    when it begins to serve; the flask commands never do.
    """
    settings = settings or _settings()
    logging.basicConfig(
        level=settings.log_level.upper(),
        # With the process, as gunicorn has it: every worker writes to the same log.
        format="%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s",
    )
    key_prefix.use(settings.key_prefix)
    # The static files are served by chat.web.assets.
    app = Flask(__name__, static_folder=None)
    opened_store = store.connect(settings.store_url, script_errors.domain_error)
    archive = Archive(settings.database_url, settings.data_dir, NativeThread("archive").run)
    # A long search holds up no page of old messages.
    searched = Archive(
        settings.database_url,
        settings.data_dir,
        NativeThread("search").run,
        N_("Messages cannot be searched at the moment."),
    )
    conversation = Conversation(opened_store, limits(settings), archive)
    room_management = RoomManagement(
        opened_store, conversation.limits, conversation.rooms_to_publish
    )
    server = LiveServer(
        app,
        conversation,
        room_management,
        web.verify_token,
        settings.store_url,
        frozenset(settings.allowed_origins),
        embedded.socket_path(settings.data_dir).parent,
        Caps(
            max_connections=settings.max_connections,
            per_address=settings.connections_per_address,
            per_person=settings.connections_per_person,
            proxies=settings.trusted_proxies,
        ),
        settings.base_path,
    )
    app.extensions["live"] = server
    hasher = Hasher(HashingQueue().run)
    web.init_app(
        app,
        settings,
        opened_store,
        conversation,
        room_management,
        Search(opened_store, searched),
        archive,
        hasher,
        server.unready,
    )
    return app


def _settings() -> config.Settings:
    try:
        return config.load()
    except config.ConfigError as error:
        # The flask command would print a traceback.
        sys.exit(f"maru: {error}")


def limits(settings: config.Settings) -> Limits:
    """The limits of the conversation, from the operator's settings."""
    return Limits(
        message_max=settings.message_max,
        message_rate=settings.message_rate,
        message_burst=3 * settings.message_rate,
        timing=Timing(settings.presence_lease * 1000, settings.presence_grace * 1000),
        locale=settings.locale,
        join_rate=settings.join_rate,
        read_rate=settings.read_rate,
        room_rate=settings.room_rate,
        rooms_per_person=settings.rooms_per_person,
    )


def main() -> None:
    """Serve in this process alone."""
    # Imported here: workers need no database when they start.
    from chat.archive import schema

    settings = config.load()
    for warning in config.warnings():
        watched.say(warning)
    # Raises an error if another Maru uses the same embedded store.
    with embedded.started(settings):
        store_choice.record(settings, settings.shown_store)
        start.prepare(settings, watched.say)
        schema.prepare(settings, watched.say)
        app = create_app(settings)
        for warning in store_warnings.checked(settings):
            watched.say(warning)
        follower = starter.follower(settings)
        follower.start()
        try:
            app.extensions["live"].start()
            print(f"Maru is at http://{settings.host}:{settings.port}", flush=True)
            app.extensions["live"].serve(settings.host, settings.port)
        finally:
            follower.stop()


if __name__ == "__main__":
    try:
        main()
    except (
        *(config.ConfigError, watched.ProcessError, store.StoreError),
        *(ArchiveError, OSError),
    ) as error:
        sys.exit(f"maru: {error}")
