"""Errors, as a page and as JSON."""

import pytest
from werkzeug.test import create_environ, run_wsgi_app


@pytest.fixture
def broken(app):
    """A browser on an app with a view that breaks."""

    def fail():
        raise ZeroDivisionError("a secret detail")

    app.add_url_rule("/broken", view_func=fail)
    app.add_url_rule("/api/broken", "api_broken", fail)
    return app.test_client()


@pytest.fixture
def storeless(app_with):
    """A browser on an app whose store does not answer."""
    return app_with(REDIS_URL="unix:///nonexistent/socket").test_client()


def test_a_page_that_there_is_not(client, login):
    for browser in (client, login("bora")):
        response = browser.get("/nope")
        assert response.status_code == 404
        assert "Nothing here" in response.text
        assert "<h1>" in response.text


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64, "xn--zz", "xn--a.example", "[:::1]"])
@pytest.mark.parametrize("path", ["/", "/login", "/nope", "/api/rooms", "/static/icon.svg"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_host_that_is_no_name_breaks_no_page(app, caplog, host, path, method):
    # The door refuses the worst of them; other servers in front may not.
    environ = create_environ(path, method=method, headers={"Referer": "http://a/"})
    _, status, _ = run_wsgi_app(app, environ | {"HTTP_HOST": host})
    assert int(status.split()[0]) < 500
    assert not [record for record in caplog.records if record.exc_info]


def test_error_pages_speak_the_language_of_the_browser(client):
    response = client.get("/nope", headers={"Accept-Language": "ko"})
    assert '<html lang="ko"' in response.text


def test_a_method_that_there_is_not(client):
    response = client.get("/logout")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_a_form_that_is_too_large(client):
    response = client.post("/login", data={"name": "x" * 300_000})
    assert response.status_code == 413
    assert "Too long" in response.text


def test_what_nobody_expected_is_logged_once_and_not_shown(broken, caplog):
    response = broken.get("/broken")
    assert response.status_code == 500
    assert "Something broke" in response.text
    assert "secret" not in response.text
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        ZeroDivisionError
    ]


def test_what_nobody_expected_over_the_api(broken):
    response = broken.get("/api/broken")
    assert response.status_code == 500
    assert response.json["error"]["code"] == "error"
    assert "secret" not in response.text


@pytest.mark.parametrize("path", ["/rooms", "/settings", "/admin", "/login", "/rooms/x"])
def test_pages_without_the_store(storeless, login, path):
    cookie = login("bora").get_cookie("maru_session").value
    storeless.set_cookie("maru_session", cookie)
    response = storeless.get(path)
    assert response.status_code == 503
    assert "One moment, please" in response.text


def test_pages_that_need_no_store_do_without(storeless):
    assert storeless.get("/login").status_code == 200
    assert storeless.get("/nope").status_code == 404
    assert storeless.get("/rooms").location == "/login?next=/rooms"


def test_a_missing_page_without_the_store(storeless, login):
    storeless.set_cookie("maru_session", login("bora").get_cookie("maru_session").value)
    assert storeless.get("/nope").status_code == 404


def test_the_api_without_the_store(storeless, token):
    headers = {"Authorization": f"Bearer {token('bora')}"}
    response = storeless.get("/api/rooms", headers=headers)
    assert (response.status_code, response.json["error"]["code"]) == (503, "unavailable")
    assert response.json["error"]["retry"] is True
    body = {"name": "bora", "password": "correct horse"}
    assert storeless.post("/api/token", json=body).status_code == 503


def test_a_broken_view_without_the_store(broken, app, login, app_with):
    browser = app_with(REDIS_URL="unix:///nonexistent/socket")
    browser.add_url_rule("/broken", view_func=lambda: 1 / 0)
    client = browser.test_client()
    client.set_cookie("maru_session", login("bora").get_cookie("maru_session").value)
    assert client.get("/broken").status_code == 500
