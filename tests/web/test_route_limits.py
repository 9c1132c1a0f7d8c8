"""Every route has a limit, or a reason why it needs none."""

import pytest

from chat.web.identity import OWN_LIMITS

#: What is counted before anybody is known, or does nothing that could be too much.
OTHERS = {
    "static": "files, which browsers keep",
    "pages.index": "a redirect",
    "health.healthz": "asks nothing",
    "health.readyz": "asks nothing",
    "health.metrics": "asks nothing",
    "auth.login": "LOGIN_RATE",
    "auth.register": "LOGIN_RATE",
    "auth.settings": "LOGIN_RATE",
    "auth.profile": "LOGIN_RATE",
    "auth.delete_account": "LOGIN_RATE",
    "auth.download": "six times an hour",
    "auth.logout": "ends a login, of which each needs LOGIN_RATE",
    "auth.language": "sets a cookie, and of an account LOGIN_RATE",
    "api_tokens.register": "LOGIN_RATE",
    "api_tokens.log_in": "LOGIN_RATE",
    "api_tokens.revoke": "ends a token",
}
BODIES = {
    "api.say": {"message": "hi"},
    "api.edit": {"message": "hi"},
    "api.create_room": {"name": "Plans"},
}
ARGUMENTS = {
    "room_id": "none",
    "name": "nobody",
    "person": "nobody",
    "user_id": "nobody",
    "seq": 1,
    "emoji": "👍",
}
#: Blueprints of pages, whose calls are counted for whoever is logged in.
PAGES = ("pages", "admin", "members", "direct", "search", "mentions")


def routes(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in OTHERS:
            yield rule


def until_refused(client, path, tries=200, **how):
    """The first answer that refuses. One call is allowed again in each second, which may pass."""
    for _ in range(tries):
        answer = client.open(path, **how)
        if answer.status_code == 429:
            return answer
    raise AssertionError(f"{how.get('method', 'GET')} {path} goes on for ever")


@pytest.fixture
def limited(app_with):
    return app_with(READ_RATE="1", MESSAGE_RATE="1", ROOM_RATE="1")


def test_every_route_refuses_at_some_time(limited, register):
    from tests.conftest import PASSWORD

    for number, rule in enumerate(routes(limited)):
        name = f"ann{number}"
        register(name, "admin")
        client = limited.test_client()
        tokens = client.post("/api/token", json={"name": name, "password": PASSWORD}).json
        kind = "refreshToken" if rule.endpoint == "api_tokens.refresh" else "accessToken"
        headers = {"Authorization": f"Bearer {tokens[kind]}"}
        if rule.endpoint.partition(".")[0] in PAGES or "token_of" in rule.endpoint:
            continue  # The same counting, for whoever is logged in; see below.
        with limited.test_request_context():
            path = rule.build({a: ARGUMENTS[a] for a in rule.arguments})[1]
        method = next(m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if m in rule.methods)
        body = BODIES.get(rule.endpoint, {})
        refused = until_refused(client, path, method=method, headers=headers, json=body)
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.json["error"]["code"] == "rate_limited"


def test_every_page_refuses_at_some_time(limited, register, submit):
    from tests.conftest import PASSWORD

    register("ann", "admin")
    client = limited.test_client()
    submit(client, "/login", name="ann", password=PASSWORD)
    until_refused(client, "/rooms")
    for rule in routes(limited):
        if rule.endpoint.partition(".")[0] in PAGES and "GET" in rule.methods:
            with limited.test_request_context():
                path = rule.build({a: ARGUMENTS[a] for a in rule.arguments})[1]
            until_refused(client, path, tries=3)
    until_refused(client, "/api/token", tries=3)


def test_what_has_a_limit_of_its_own_is_there(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(OWN_LIMITS) <= endpoints and set(OTHERS) <= endpoints


def test_one_person_may_own_so_many_rooms(app_with, register, store):
    app = app_with(ROOMS_PER_PERSON="3")
    from tests.conftest import PASSWORD

    register("ann")
    client = app.test_client()
    token = client.post("/api/token", json={"name": "ann", "password": PASSWORD}).json
    headers = {"Authorization": f"Bearer {token['accessToken']}"}

    def make():
        return client.post("/api/rooms", json={"name": "Plans"}, headers=headers)

    made = [make() for _ in range(4)]
    assert [answer.status_code for answer in made] == [201, 201, 201, 409]
    room = made[0].json["roomId"]
    assert client.delete(f"/api/rooms/{room}", headers=headers).status_code == 204
    assert make().status_code == 201
    # One that was lost does not count for ever.
    store.redis.delete(f"maru:room:{{{made[1].json['roomId']}}}")
    assert make().status_code == 201
