"""ALLOWED_HOSTS: requests for other hosts get nothing, so that DNS rebinding does not work."""

import re

import pytest


@pytest.fixture
def client(app_with):
    return app_with(ALLOWED_HOSTS="Chat.Example, [::1]").test_client()


@pytest.mark.parametrize("host", ["chat.example", "CHAT.example.:5000", "[0::1]:80"])
def test_requests_for_these_hosts_are_answered(client, host):
    assert client.get("/login", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "chat.example.evil.example", "[::2]", "localhost"]
)
@pytest.mark.parametrize("path", ["/login", "/api/rooms", "/static/icon.svg", "/socket.io/?EIO=4"])
def test_requests_for_others_are_refused(client, host, path):
    answer = client.get(path, headers={"Host": host, "Origin": f"http://{host}"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")
    assert "Content-Security-Policy" in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_browser_gets_a_page_in_both_languages(client):
    headers = {"Host": "evil.example", "Accept": "text/html,application/xhtml+xml"}
    answer = client.get("/login", headers=headers)
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"
    assert "could not be understood" in answer.text
    assert re.search("[가-힣]{2}", answer.text)
    assert "evil" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operators_may_ask_by_any_name(client, path):
    plain = client.get(path, headers={"Host": "10.0.0.7:5000"})
    assert plain.json is None or plain.json.get("error", {}).get("code") != "invalid"


@pytest.mark.parametrize("path", ["/chat/healthz", "/healthz"])
def test_operators_may_ask_under_the_path_of_the_site(app_with, path):
    client = app_with(ALLOWED_HOSTS="chat.example", BASE_PATH="/chat").test_client()
    assert client.get(path).status_code == 200
    assert client.get("/chat/login").status_code == 400


def test_without_the_setting_any_host_will_do(app_with):
    assert (
        app_with().test_client().get("/login", headers={"Host": "any.example"}).status_code == 200
    )
