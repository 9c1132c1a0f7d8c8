"""Browsers fetch static files once, until they change."""

import gzip
import re
from pathlib import Path
from urllib.parse import unquote

import orjson
import pytest
from flask import url_for
from werkzeug.test import EnvironBuilder


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
    assert f"/static/{version}/css/all.css" in page
    module = client.get(f"/static/{version}/js/connection.js").text
    assert "from '../vendor/socket.io.esm.min.js'" in module


def test_all_style_sheets_come_as_one_and_the_tokens_first(client):
    styles = client.get("/static/css/all.css").text
    # What a panel needs comes with the panel.
    for path in {*Path("static/css").glob("*.css")} - {Path("static/css/search.css")}:
        rules = re.sub(r"/\*.*?\*/\n?", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert rules.strip() in styles, path
    assert styles.index("--floor:") < styles.index(".composer {")


def test_text_is_compressed_for_whoever_takes_it_and_pages_are_not(client, address):
    plain = client.get(address)
    assert "Content-Encoding" not in plain.headers and plain.vary.as_set() == {"accept-encoding"}
    packed = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data and len(packed.data) < len(plain.data) / 2
    assert packed.headers["ETag"] != plain.headers["ETag"]
    refused = client.get(address, headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.data == plain.data
    page = client.get("/login", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in page.headers


def test_head_and_the_conditional_request_are_answered_without_a_body(client, address):
    got = client.get(address, headers={"Accept-Encoding": "gzip"})
    head = client.head(address, headers={"Accept-Encoding": "gzip"})
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "ETag", "Cache-Control", "X-Content-Type-Options"):
        assert head.headers[name] == got.headers[name]
    again = client.get(
        address, headers={"Accept-Encoding": "gzip", "If-None-Match": got.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def scripts(page):
    return re.findall(r'(?:src|href)="(/static/[^"]+\.js)"', page)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_page_loads_one_script_that_needs_no_other_in_its_language(client, login, lang):
    client = login("ann")
    client.set_cookie("lang", lang)
    (address,) = scripts(client.get("/rooms").text)
    assert address.endswith(f"/js/bundle/rooms.{lang}.js")
    text = client.get(address).text
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert {"en": "Connecting…", "ko": "연결하는 중…"}[lang] in text.partition("\n")[0]


def test_the_modules_of_a_page_in_one_are_kept_for_ever_and_compressed(client, app):
    with app.test_request_context():
        address = url_for("static", filename="js/bundle/room.en.js")
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"createTimeline" in gzip.decompress(answer.data)


def test_text_is_joined_and_compressed_once_however_often_it_is_asked_for(client, monkeypatch):
    made = []
    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda *a, **k: made.append(1) or compress(*a, **k))
    for _ in range(3):
        for name in ("js/bundle/room.ko.js", "css/all.css"):
            client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
    assert len(made) == 2


def test_in_debug_mode_a_page_loads_the_modules_as_they_are_written(app, client):
    app.debug = True
    page = client.get("/login").text
    names = [address.partition("/js/")[2] for address in scripts(page)]
    assert names == ["strings/en.js", "pages/every.js"]
    assert "maruStrings" in client.get(scripts(page)[0]).text


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "js/bundle/nothing.en.js",
        "js/strings/fr.js",
        "../app.py",
        "..%2fapp.py",
        "v-0/../../app.py",
        "",
    ],
)
def test_nothing_else_is_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "./icon.svg",
        "js/../icon.svg",
        "js/./pages/room.js",
        "js/pages/../bundle/room.en.js",
        "x/../css/all.css",
        "css/v-000000000000/all.css",
        "v-000000000000/./icon.svg",
        "v-000000000000/v-000000000000/icon.svg",
        "v-000000000000/../static/icon.svg",
        "icon.svg/",
        "icon.svg/.",
        "icon.svg\0",
        "%2e/icon.svg",
        "js%5c..%5cicon.svg",
        "ICON.SVG",
        "js/bundle/%D9%A1.js",
        "js/bundle/room.EN.js",
        "js/bundle/room.fr.js",
        "js/strings/..js",
    ],
)
def test_a_file_has_one_name_so_that_other_spellings_take_no_memory(client, name):
    # Straight through WSGI: a client library would make the path a normal one.
    path = "/static/" + unquote(name, "latin-1")
    answer = client.open(EnvironBuilder(path="/").get_environ() | {"PATH_INFO": path})
    assert answer.status_code == 404


def test_browsers_may_fetch_a_room_of_the_list_ahead_but_not_run_it(client, login):
    assert "Speculation-Rules" not in client.get("/login").headers
    rules = login("ann").get("/rooms").headers["Speculation-Rules"].strip('"')
    answer = client.get(rules)
    assert answer.mimetype == "application/speculationrules+json"
    assert list(answer.json if answer.is_json else orjson.loads(answer.data)) == ["prefetch"]


def test_static_files_are_the_same_whoever_asks(client, address):
    assert "Cookie" not in client.get(address).headers.get("Vary", "")
