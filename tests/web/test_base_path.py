"""Maru under a path of a site, whether a proxy removes that path or keeps it."""

import json
import re
from urllib.parse import urljoin

import pytest

import config
from config import ConfigError
from tests.conftest import PASSWORD


@pytest.fixture(params=["/chat", ""], ids=["left on", "taken off"])
def at(request):
    """``at("/rooms")``: the path with which a request for that arrives."""
    return lambda path: request.param + path


@pytest.fixture
def client(app_with):
    return app_with(BASE_PATH="/chat/").test_client()


@pytest.fixture
def logged_in(client, register):
    register("bora")
    page = client.get("/chat/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    form = {"csrf_token": token, "name": "bora", "password": PASSWORD, "next": "/chat/settings"}
    assert client.post("/chat/login", data=form).location == "/chat/settings"
    return client


def test_redirects_stay_under_it(client, at):
    assert client.get(at("/")).location == "/chat/rooms"
    assert client.get("/chat").location == "/chat/rooms"
    assert client.get(at("/rooms?q=x")).location == "/chat/login?next=/chat/rooms?q%3Dx"


def test_so_do_links_assets_and_what_scripts_use(client, at):
    html = client.get(at("/login")).text
    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', html)
    assert addresses and all(a.startswith("/chat/") for a in addresses), addresses
    page = re.search(r"data-page='([^']*)'|data-page=\"([^\"]*)\"", html)
    text = (page[1] or page[2]).replace("&#34;", '"').replace("&quot;", '"')
    assert json.loads(text)["base"] == "/chat"
    for asset in [a for a in addresses if "/static/" in a]:
        assert client.get(at(asset.removeprefix("/chat"))).status_code == 200


def test_so_does_the_page_that_a_phone_starts_with(client, at):
    html = client.get(at("/login")).text
    manifest = re.search(r'rel="manifest" href="([^"]+)"', html)[1]
    start = client.get(at(manifest.removeprefix("/chat"))).get_json(force=True)["start_url"]
    assert urljoin(f"http://localhost{manifest}", start) == "http://localhost/chat/rooms"


def test_cookies_are_of_that_path_alone(client, at):
    assert "Path=/chat" in client.get(at("/login")).headers["Set-Cookie"]


def test_nobody_is_sent_to_the_rest_of_the_site(logged_in):
    for outside in ("/rooms", "/chatter", "/chat/logout", "//chat/rooms"):
        answer = logged_in.get("/chat/login", query_string={"next": outside})
        assert answer.location == "/chat/rooms"


def test_the_api_is_under_it_too(client, at):
    assert client.get(at("/api/rooms")).status_code == 401
    assert client.get(at("/api/rooms")).json["error"]["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["chat", "/a b", "/rooms", "/api/x", "/../x", "/a//b", "/é"])
def test_paths_that_cannot_be_it(path, tmp_path):
    with pytest.raises(ConfigError, match=r"^BASE_PATH cannot be "):
        config.load({"BASE_PATH": path, "DATA_DIR": str(tmp_path)})
