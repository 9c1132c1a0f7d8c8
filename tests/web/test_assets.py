"""Static files are asked for once, until they change."""

import re

import pytest
from flask import url_for


@pytest.fixture
def address(app):
    with app.test_request_context():
        return url_for("static", filename="js/pages/room.js")


def test_an_address_with_the_version_is_kept_for_ever(client, address):
    assert re.fullmatch(r"/static/v-[0-9a-f]{12}/js/pages/room.js", address)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "text/javascript"


@pytest.mark.parametrize("prefix", ["", "v-000000000000/"])
def test_any_other_address_is_asked_for_each_time(client, prefix):
    path = f"/static/{prefix}icon.svg"
    first = client.get(path)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-cache")
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_pages_use_the_version_and_modules_find_each_other(client, address):
    version = address.split("/")[2]
    page = client.get("/login").text
    assert f"/static/{version}/css/base.css" in page
    module = client.get(f"/static/{version}/js/connection.js").text
    assert "from '../vendor/socket.io.esm.min.js'" in module


@pytest.mark.parametrize("name", ["nothing.js", "../app.py", "..%2fapp.py", "v-0/../../app.py", ""])
def test_nothing_else_is_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404
