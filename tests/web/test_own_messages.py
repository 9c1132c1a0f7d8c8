"""The download of what one has said, from the settings and over the API."""

import json

import pytest

from chat.archive import schema
from chat.archive.database import Database
from chat.archive.follower import Follower
from tests.conftest import PASSWORD


@pytest.fixture
def app(app_with, tmp_path):
    return app_with(DATA_DIR=str(tmp_path))


@pytest.fixture
def archived(store, tmp_path):
    """``archived()``: everything is."""
    database = Database("", tmp_path, writes=True)
    schema.upgrade(database, is_new=True)
    follower = Follower(store, database, 5000)

    def work():
        follower.begin(is_new=False)
        while follower.work()[1]:
            pass

    yield work
    database.close()


def test_the_api_and_the_settings_give_the_same_file(login, submit, archived):
    client = login("bora")
    token = client.post("/api/token", json={"name": "bora", "password": PASSWORD}).json
    asking = {"Authorization": f"Bearer {token['accessToken']}"}
    room = client.post("/api/rooms", json={"name": "Plans"}, headers=asking).json["roomId"]
    path = f"/api/rooms/{room}/messages"
    for number in range(3):
        client.post(path, json={"message": f"word {number}"}, headers=asking)
    archived()
    by_api = client.get("/api/me/messages", headers=asking)
    by_page = client.get("/settings/messages")
    assert by_api.data == by_page.data
    assert [json.loads(line)["message"] for line in by_page.data.splitlines()] == [
        "word 0", "word 1", "word 2",
    ]  # fmt: skip
    assert by_page.mimetype == "application/jsonl"
    assert by_page.headers["Content-Disposition"].startswith("attachment; filename=")
    assert by_page.headers["Cache-Control"] == "no-store"
    assert 'href="/settings/messages" download' in client.get("/settings").text


def test_nobody_else_gets_it(client):
    assert client.get("/settings/messages").status_code == 302
    assert client.get("/api/me/messages").status_code == 401
