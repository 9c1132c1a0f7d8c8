"""Which tokens are accepted."""

import base64
import json
import time

import jwt
import pytest
from flask import jsonify
from flask_jwt_extended import jwt_required

from chat import accounts, people, profile, revocations
from chat.errors import TokenExpired, TokenRevoked, Unauthorized
from chat.passwords import Hasher
from chat.web import tokens, verify_token
from tests.conftest import PASSWORD

KEY = "another key for tests, long enough"


@pytest.fixture
def claims(register):
    """The claims of a good access token of Bora's."""
    register("bora")
    now = int(time.time())
    return {
        "sub": "bora", "jti": "j", "sid": "s", "type": "access", "iat": now, "exp": now + 60,
    }  # fmt: skip


def sign(claims, key=KEY, algorithm="HS256", **header):
    return jwt.encode(claims, key, algorithm, headers=header or None)


def encoded(part):
    text = part if isinstance(part, str) else json.dumps(part)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def test_a_good_token_needs_no_request(app, claims):
    with app.app_context():
        caller = verify_token(sign(claims))
    assert (caller.person.name, caller.person.role) == ("bora", "user")
    assert (caller.jti, caller.login_id) == ("j", "s")
    assert caller.expires_at == claims["exp"] * 1000


def test_a_token_of_the_extension_alone(app, claims):
    del claims["sid"]
    with app.app_context():
        assert verify_token(sign(claims)).login_id == claims["jti"]


def test_a_token_from_before_the_password_was_changed(app, store, claims):
    bora = people.find(store, "bora")
    accounts.change_password(store, Hasher(), bora, PASSWORD, "another password")
    ours = {"sub": bora.user_id, "v": 2}
    with app.app_context(), pytest.raises(TokenRevoked):
        verify_token(sign({**claims, **ours, "gen": 0}))
    with app.app_context():
        assert verify_token(sign({**claims, **ours, "gen": 1}))


@pytest.mark.parametrize("kind", ["of a later version", "of ours by name", "of ours from before"])
def test_a_name_in_a_token_of_ours_is_that_of_before_there_were_ids(app, store, claims, kind):
    bora = people.find(store, "bora").user_id
    named = {**claims, "gen": 0}
    if kind == "of a later version":
        named |= {"v": 3, "sub": bora}
    elif kind == "of ours by name":
        named |= {"v": 2}
    with app.app_context(), pytest.raises(Unauthorized):
        verify_token(sign(named))
    if kind == "of ours from before":
        store.redis.hset("maru:legacy", "bora", bora)
        profile.change(store, bora, {"name": "sora"})
        with app.app_context():
            assert verify_token(sign({**named, "sub": "BORA"})).person.name == "sora"
        with app.app_context(), pytest.raises(Unauthorized):
            verify_token(sign({**named, "sub": "sora"}))


def test_a_site_around_maru_names_a_person_by_name_or_id(app, store, claims):
    bora = people.find(store, "bora").user_id
    for sub in ("bora", "BORA", bora):
        with app.app_context():
            assert verify_token(sign({**claims, "sub": sub})).person.user_id == bora


def test_an_expired_token(app, claims):
    with app.app_context(), pytest.raises(TokenExpired):
        verify_token(sign({**claims, "exp": int(time.time()) - 1}))


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_fresh_token_of_a_machine_whose_clock_is_ahead(app, claims, claim):
    with app.app_context():
        assert verify_token(sign({**claims, claim: int(time.time()) + 3}))


def test_a_revoked_token_is_refused_as_long_as_any_machine_takes_it(app, store, token):
    revoked = token("dan")
    with app.app_context():
        tokens.revoke(revoked)
    said = jwt.decode(revoked, options={"verify_signature": False})
    left = store.redis.ttl(f"maru:revoked:{said['jti']}")
    assert left > said["exp"] - time.time() + 20


@pytest.mark.parametrize("token_or_login_id", ["j", "s"])
def test_a_revoked_token_or_login(app, store, claims, token_or_login_id):
    revocations.revoke(store, token_or_login_id, 60)
    with app.app_context(), pytest.raises(TokenRevoked):
        verify_token(sign(claims))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "refresh"},
        {"type": None},
        {"sub": "nobody"},
        {"sub": 7},
        {"sub": "bora\0"},
        {"jti": None},
        {"jti": ["j"]},
        {"sid": None},
        {"sid": {"a": 1}},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"exp": "soon"},
        {"exp": str(int(time.time()) + 60)},
    ],
)
def test_claims_that_are_not_ours(app, claims, change):
    with app.app_context(), pytest.raises(Unauthorized):
        verify_token(sign({**claims, **change}))


@pytest.mark.parametrize("missing", ["sub", "jti", "exp"])
def test_claims_that_are_missing(app, claims, missing):
    del claims[missing]
    with app.app_context(), pytest.raises(Unauthorized):
        verify_token(sign(claims))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_our_own_key(app, claims, algorithm):
    with app.app_context(), pytest.raises(Unauthorized):
        verify_token(sign(claims, algorithm=algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "RS256", "ES256", None, 7, []])
def test_a_header_that_claims_another_algorithm(app, claims, algorithm):
    _, body, signature = sign(claims).split(".")
    header = encoded({"alg": algorithm, "typ": "JWT"})
    with app.app_context():
        for forged in (f"{header}.{body}.", f"{header}.{body}.{signature}"):
            with pytest.raises(Unauthorized):
                verify_token(forged)


def test_forged_tokens(app, claims):
    header, body, signature = sign(claims).split(".")
    root = encoded({**claims, "sub": "root"})
    tampered = ("A" if signature[0] != "A" else "B") + signature[1:]
    with app.app_context():
        for forged in (
            sign(claims, key="a key that is not the server's, but long"),
            f"{header}.{root}.{signature}",
            f"{header}.{body}.{tampered}",
            f"{header}.{body}.",
            f"{header}.{body}",
        ):
            with pytest.raises(Unauthorized):
                verify_token(forged)


def unsigned(header, body):
    return f"{encoded(header)}.{encoded(body)}.x"


@pytest.mark.parametrize(
    "garbage",
    [
        None, 7, 1.5, True, b"token", [], {}, "", "x", "a.b.c", "...", "보라", "\ud800", "\0",
        "a." * 10_000, "x" * 1_000_000,
        unsigned("[" * 2500, {}),
        unsigned({"alg": "HS256"}, "[" * 2500),
        unsigned(7, 7),
        unsigned({"alg": "HS256"}, 7),
        unsigned({"alg": "HS256", "b64": False}, {}),
        unsigned({"alg": "HS256", "kid": {}}, {}),
        unsigned({"alg": "HS256"}, '{"exp": 1e999}'),
    ],
)  # fmt: skip
def test_garbage(app, garbage):
    with app.app_context(), pytest.raises(Unauthorized):
        verify_token(garbage)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "unauthorized"),
        ("Bearer", "unauthorized"),
        ("Bearer ", "unauthorized"),
        ("Basic Ym9yYTp4", "unauthorized"),
        ("{token}", "unauthorized"),
        ("Token {token}", "unauthorized"),
        ("Bearer {token} more", "unauthorized"),
        ("Bearer {expired}", "token_expired"),
        ("Bearer {token}x", "unauthorized"),
    ],
)
def test_what_the_api_says_of_them(client, claims, header, code):
    expired = sign({**claims, "exp": int(time.time()) - 1})
    header = header.format(token=sign(claims), expired=expired)
    response = client.get("/api/rooms", headers={"Authorization": header})
    assert (response.status_code, response.json["error"]["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="maru", error="invalid_token"'


def test_the_scheme_is_read_in_any_case(client, claims):
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {sign(claims)}"}
        assert client.get("/api/rooms", headers=headers).status_code == 200


def test_what_a_token_of_ours_says(app, store, token):
    said = jwt.decode(token("bora"), KEY, ["HS256"])
    bora = people.find(store, "bora").user_id
    assert (said["sub"], said["v"], said["type"]) == (bora, 2, "access")
    assert said["exp"] - said["iat"] == 900
    assert jwt.get_unverified_header(token("bora"))["alg"] == "HS256"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [(None, "unauthorized"), ("Bearer x", "unauthorized"), ("Bearer {}", "token_expired")],
)
def test_views_guarded_by_the_extension_itself_answer_alike(app, claims, authorization, code):
    app.add_url_rule("/api/guarded", view_func=jwt_required()(lambda: jsonify(ok=True)))
    expired = sign({**claims, "exp": int(time.time()) - 1})
    headers = {"Authorization": authorization.format(expired)} if authorization else {}
    response = app.test_client().get("/api/guarded", headers=headers)
    assert (response.status_code, response.json["error"]["code"]) == (401, code)
