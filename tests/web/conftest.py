"""Rooms for the tests of the API, and a client with strict limits."""

import pytest


@pytest.fixture
def bora(bot):
    return bot("bora")


@pytest.fixture
def hall(bora):
    """The path of a room of Bora's."""
    return f"/api/rooms/{bora.post('/api/rooms', json={'name': 'hall'}).json['roomId']}"


@pytest.fixture
def attic(bora):
    """The path of a private room of Bora's."""
    created = bora.post("/api/rooms", json={"name": "attic", "private": True})
    return f"/api/rooms/{created.json['roomId']}"


@pytest.fixture
def strict(app_with):
    """A client of a Maru that allows one wrong password a minute."""
    return app_with(LOGIN_RATE="1", TRUSTED_PROXIES="1").test_client()
