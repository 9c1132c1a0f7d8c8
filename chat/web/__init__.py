"""Maru's pages, HTTP API and commands, on Flask.

Handlers are thin: they find out who asks (``identity``), read what was sent (``forms``,
``parsing``), call one operation of the domain and answer. What goes wrong is raised, and becomes a
page or JSON in ``errors`` alone.
"""

from collections.abc import Callable

from flask import Flask

from chat.archive.archive import Archive
from chat.conversation import Conversation
from chat.passwords import Hasher
from chat.room_management import RoomManagement
from chat.search import Search
from chat.store.store import Store
from chat.web import assets, cli, errors, health, i18n, identity, security, tokens
from chat.web.api import blocked_inviters as api_blocked_inviters
from chat.web.api import cors
from chat.web.api import members as api_members
from chat.web.api import own_rooms as api_own_rooms
from chat.web.api import people as api_people
from chat.web.api import rooms as api
from chat.web.api import search as api_search
from chat.web.api import tokens as api_tokens
from chat.web.pages import admin, auth, avatar, direct, markup, members, mentions
from chat.web.pages import rooms as pages
from chat.web.pages import search as search_page
from chat.web.services import Services
from chat.web.tokens import Caller, verify_token
from config import Settings

__all__ = ["Caller", "init_app", "verify_token"]


def init_app(
    app: Flask,
    settings: Settings,
    store: Store,
    conversation: Conversation,
    room_management: RoomManagement,
    search: Search,
    archive: Archive,
    hasher: Hasher,
    readiness: Callable[[], str | None],
) -> None:
    """Give ``app`` everything that is served over HTTP, and the ``flask`` commands."""
    # Answers as they are written down in the documentation: in this order, in any script.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["maru"] = Services(
        settings, store, conversation, room_management, search, archive, hasher, readiness
    )
    security.init_app(app, settings)
    assets.init_app(app)
    cors.init_app(app, settings)
    i18n.init_app(app, settings)
    markup.init_app(app)
    avatar.init_app(app)
    identity.init_app(app)
    tokens.init_app(app, settings)
    errors.init_app(app)
    for module in (
        auth,
        pages,
        members,
        direct,
        search_page,
        mentions,
        admin,
        api,
        api_members,
        api_own_rooms,
        api_people,
        api_blocked_inviters,
        api_search,
        api_tokens,
        health,
    ):
        app.register_blueprint(module.blueprint)
    for module in (
        api,
        api_members,
        api_own_rooms,
        api_people,
        api_blocked_inviters,
        api_search,
        api_tokens,
    ):
        # Bearer tokens are no ambient authority; identity.caller checks those who use the cookie.
        identity.csrf.exempt(module.blueprint)
    cli.init_app(app)
