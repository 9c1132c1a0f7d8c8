"""The API for scripts of other sites."""

import pytest

SITE = "https://friend.test"


@pytest.fixture
def client(app_with):
    return app_with(ALLOWED_ORIGINS=f"https://other.test, {SITE}").test_client()


def preflight(client, origin, path="/api/rooms"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return client.options(path, headers=headers)


def allowing(response):
    return [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_a_preflight_of_a_friend(client):
    response = preflight(client, SITE)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]


def test_a_friend_may_read_answers_and_errors_but_never_with_the_cookie(client):
    for path in ("/healthz", "/api/rooms", "/api/token", "/api/nope"):
        response = client.get(path, headers={"Origin": SITE})
        if path.startswith("/api"):
            assert response.headers["Access-Control-Allow-Origin"] == SITE
            assert "Origin" in response.headers["Vary"]
        else:
            assert not allowing(response)
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://friend.test.evil.test"])
def test_strangers_are_allowed_nothing(client, origin):
    assert not allowing(preflight(client, origin))
    assert not allowing(client.get("/api/rooms", headers={"Origin": origin}))


def test_by_default_everybody_is_a_stranger(app):
    assert not allowing(preflight(app.test_client(), SITE))


def test_any_origin(app_with):
    client = app_with(ALLOWED_ORIGINS="*").test_client()
    assert preflight(client, "https://any.test").headers["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Credentials" not in preflight(client, SITE).headers


def test_pages_are_not_shared(client):
    assert not allowing(client.get("/login", headers={"Origin": SITE}))
