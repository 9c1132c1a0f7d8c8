"""Cookies, response headers, proxies, and where a login may redirect."""

import re
import subprocess
import time

import pytest

from chat.web.security import is_safe_next
from tests.conftest import PASSWORD


@pytest.fixture
def tls(tmp_path):
    """The settings of a server with a certificate of its own."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=localhost", "-out", cert, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"TLS_CERT": str(cert), "TLS_KEY": str(key)}


def cookie_of(client):
    return client.get("/login").headers["Set-Cookie"]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client):
    parts = [part.strip() for part in cookie_of(client).split(";")]
    assert parts[0].startswith("maru_session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
    assert "Secure" not in parts


def test_a_login_outlives_the_browser(client, register, submit):
    register("bora")
    response = submit(client, "/login", name="bora", password=PASSWORD)
    assert "Expires=" in response.headers["Set-Cookie"]


def test_the_cookies_are_secure_under_tls(app_with, submit, tls):
    client = app_with(**tls).test_client()
    assert "Secure" in cookie_of(client)
    assert "Strict-Transport-Security" in client.get("/login").headers


@pytest.mark.parametrize(
    ("proxies", "forwarded", "secure"),
    [
        ("0", "https", False),
        ("1", "https", True),
        ("1", "http", False),
        ("1", "https, http", False),
        ("2", "https", True),
        ("1", "", False),
    ],
)
def test_a_proxy_is_believed_about_tls_only_when_it_is_trusted(
    app_with, proxies, forwarded, secure
):
    client = app_with(TRUSTED_PROXIES=proxies).test_client()
    client.environ_base["HTTP_X_FORWARDED_PROTO"] = forwarded
    assert ("Secure" in cookie_of(client)) is secure
    assert ("Strict-Transport-Security" in client.get("/login").headers) is secure
    scheme = "wss" if secure else "ws"
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {scheme}://localhost;" in policy


@pytest.mark.parametrize("path", ["/login", "/nope", "/healthz", "/api/rooms", "/static/icon.svg"])
def test_headers_of_every_response(client, path):
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self' ws://localhost",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("host", ["evil.test; script-src *", "a b", "ä", "x" * 5000 + ";"])
def test_a_host_header_cannot_loosen_the_policy(client, host):
    policy = client.get("/login", headers={"Host": host}).headers["Content-Security-Policy"]
    assert "connect-src 'self'; font-src" in policy
    assert policy.count("script-src") == 1


def test_pages_are_not_kept(login):
    assert login("bora").get("/rooms").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/rooms",
        "/rooms/abc?x=1&y=/a//b",
        "/login?next=/rooms",
        "/방",
        "/rooms#new",
        "/logouts",
    ],
)
def test_places_on_this_site(target):
    assert is_safe_next(target)


@pytest.mark.parametrize(
    "target",
    [
        None, "", "rooms", "//evil.test", "///evil.test", "/\\evil.test", "/\\/evil.test",
        "\\/evil.test", "https://evil.test", "https:evil.test", "javascript:alert(1)",
        "/\t/evil.test", "/\n/evil.test", "\t//evil.test", " //evil.test", "/x\r\nSet-Cookie: a=b",
        "/x\0", "/x\x7f", "/x\x85y", "/a b", "/logout", "/logout/", "/logout?x", "/logout#x",
        "/" + "x" * 5000,
    ],
)  # fmt: skip
def test_places_elsewhere(target):
    assert not is_safe_next(target)


@pytest.mark.parametrize("target", ["//evil.test", "/\\evil.test", "https://evil.test", "/logout"])
def test_nobody_is_sent_elsewhere(client, login, submit, register, target):
    register("bora")
    query = {"next": target}
    assert login("bora").get("/login", query_string=query).location == "/rooms"
    assert submit(client, "/language", lang="ko", next=target).location == "/rooms"
    form = {"name": "bora", "password": PASSWORD, "next": target}
    assert submit(client, "/login", **form).location == "/rooms"


def test_a_next_with_line_breaks_adds_no_header(client):
    response = client.get("/login?next=/x%0d%0aSet-Cookie:%20a=b")
    assert response.status_code == 200
    assert "a=b" not in response.headers.get("Set-Cookie", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "maru_session=" + "x" * 60_000},
        {"Cookie": "maru_session=.eJx\0; lang=\udcff; tz=../../etc/passwd"},
        {"Cookie": "; ; = ;;maru_session"},
        {"Accept-Language": "x" * 60_000 + ",*;q=nan"},
        {"User-Agent": ""},
    ],
)
def test_headers_that_make_no_sense(app, headers):
    client = app.test_client(use_cookies=False)
    for path in ("/login", "/rooms", "/api/token"):
        assert client.get(path, headers=headers).status_code in (200, 302, 401)


def test_a_login_of_a_machine_whose_clock_is_ahead(login, app, monkeypatch):
    browser = login("bora")
    now = time.time
    with monkeypatch.context() as behind:
        behind.setattr("itsdangerous.timed.time.time", lambda: now() - 3)
        assert browser.get("/settings").status_code == 200
    with monkeypatch.context() as far_behind:
        far_behind.setattr("itsdangerous.timed.time.time", lambda: now() - 3600)
        assert browser.get("/settings").status_code == 302


def test_a_session_cookie_signed_with_another_key_is_nothing(app_with, login):
    cookie = login("bora").get_cookie("maru_session").value
    other = app_with(SECRET_KEY="a different secret key, also long").test_client()
    other.set_cookie("maru_session", cookie)
    assert other.get("/rooms").location == "/login?next=/rooms"


FORMS = [
    ("/logout", {}),
    ("/language", {"lang": "ko"}),
    ("/settings", {"current": PASSWORD, "password": "new password"}),
    ("/rooms", {"name": "hall"}),
    ("/rooms/abc/rename", {"name": "x"}),
    ("/rooms/abc/delete", {}),
    ("/rooms/abc/members", {"name": "dan"}),
    ("/rooms/abc/members/remove", {"name": "dan"}),
    ("/rooms/abc/members/role", {"name": "dan", "role": "owner"}),
    ("/rooms/abc/members/mute", {"name": "dan", "for": "day"}),
    ("/rooms/abc/members/ban", {"name": "dan"}),
    ("/rooms/abc/members/unban", {"name": "dan"}),
    ("/rooms/abc/members/noted", {}),
    ("/rooms/abc/describe", {"description": "x"}),
    ("/rooms/abc/archive", {"archived": "1"}),
    ("/direct", {"people": "dan"}),
    ("/admin/role", {"name": "root", "role": "user"}),
]


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_every_form_needs_a_csrf_token(login, path, fields):
    response = login("root", role="admin").post(path, data=fields)
    assert response.status_code == 400
    assert "Go back, reload the page and try again." in response.text


@pytest.mark.parametrize("token", ["", "wrong", "IjEi.abc.def", "x" * 10_000])
def test_csrf_tokens_that_are_wrong(login, token):
    client = login("bora")
    assert client.post("/logout", data={"csrf_token": token}).status_code == 400
    assert client.get("/rooms").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/login", {"data": {"name": "ann"}}),
        ("POST", "/login", {"data": {"csrf_token": "rubbish"}}),
        ("POST", "/language", {"data": {"lang": "xx"}}),
        ("POST", "/nope", {}),
        ("PUT", "/login", {}),
        ("POST", "/api/token", {"data": "{", "content_type": "application/json"}),
        ("POST", "/api/register", {"json": []}),
        ("GET", "/api/rooms", {"headers": {"Authorization": "Bearer a.b.c"}}),
        ("GET", "/api/rooms", {"headers": {"Authorization": "Basic !"}}),
        ("GET", "/rooms", {"headers": {"Cookie": "maru_session=x.y.z; tz=/; lang=xx"}}),
        ("GET", "/login?next=//evil", {"headers": {"Accept-Language": "x;q=y, -", "Host": "a..b"}}),
        ("GET", "/static/../app.py", {"headers": {"Range": "bytes=9-1", "If-None-Match": "x"}}),
    ],
)
def test_what_strangers_send_wrong_is_not_in_the_log(client, caplog, method, path, sent):
    caplog.set_level("INFO")
    assert client.open(path, method=method, **sent).status_code < 500
    assert caplog.text == ""


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_forms_for_anybody_need_it_too(client, register, path):
    register("bora")
    response = client.post(path, data={"name": "bora", "password": PASSWORD})
    assert response.status_code == 400
    assert client.get("/rooms").status_code == 302


def test_the_csrf_token_of_somebody_else_is_worth_nothing(login):
    page = login("dan").get("/settings").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    client = login("bora")
    assert client.post("/rooms", data={"name": "x", "csrf_token": token}).status_code == 400


@pytest.mark.parametrize(("path", "fields"), [form for form in FORMS if form[0] != "/language"])
def test_a_form_sent_after_the_login_ended_leads_to_the_login(client, path, fields):
    assert client.post(path, data=fields).location == "/login"
