"""Bad tokens of every kind, each with the error code of its refusal."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt

from tests.live.cluster import Api

MISSING = object()

#: What a token can be that is none: any JSON value may stand in its place.
NO_TOKENS = {
    "missing": MISSING,
    "null": None,
    "true": True,
    "number": 5,
    "list": ["token"],
    "object": {"token": "token"},
    "empty": "",
    "garbage": "not a token",
    "dots": "...",
    "control characters": "a\x00b\nc",
    "korean": "토큰.토큰.토큰",
    "lone surrogate": "\ud800.\ud800.\ud800",
    "huge": "A" * 100_000,
    "huge header": "eyJ" + "h" * 50_000 + "." + "e30" * 10_000 + ".x",
}


def forge(api: Api, algorithm: str = "HS256", key: str | None = None, **changes: Any) -> str:
    """A token of this person with some claims changed; one that is ``MISSING`` is left out."""
    claims = {**jwt.decode(api.token, options={"verify_signature": False}), **changes}
    claims = {name: value for name, value in claims.items() if value is not MISSING}
    # PyJWT itself would refuse to make some of these.
    header = _encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    signed = header + "." + _encode(json.dumps(claims).encode())
    digest = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(algorithm, hashlib.sha256)
    signature = hmac.new((key or api.maru.secret()).encode(), signed.encode(), digest).digest()
    return f"{signed}.{'' if algorithm == 'none' else _encode(signature)}"


def nested(depth: int) -> str:
    """A token whose header is JSON nested so deep that a parser may give up."""
    return _encode(b'{"alg":' + b"[" * depth + b"]" * depth + b"}") + ".e30.AA"


def bad_tokens(api: Api) -> dict[str, tuple[Any, str]]:
    """Name to ``(token, code)``; ``api``'s own token stays good."""
    now = int(time.time())
    kept = api.token, api.refresh_token
    revoked = api.log_in()["accessToken"]
    assert api.request("POST", "/api/token/revoke").status_code == 204
    api.token, api.refresh_token = kept
    tampered = api.token[:-4] + ("AAAA" if api.token[-4:] != "AAAA" else "BBBB")
    forged = {
        "alg none": forge(api, "none"),
        "alg None": forge(api, "None"),
        "HS512": forge(api, "HS512"),
        "HS384": forge(api, "HS384"),
        "RS256": forge(api, "RS256"),
        "another key": forge(api, key="x" * 40),
        "tampered signature": tampered,
        "without signature": api.token.rpartition(".")[0] + ".",
        "nested header": nested(20_000),
        "refresh token": api.refresh_token,
        "nobody's": forge(api, sub="nobody-of-that-name"),
        "sub is a number": forge(api, sub=5),
        **{f"without {claim}": forge(api, **{claim: MISSING}) for claim in ("sub", "jti", "exp")},
        "exp is text": forge(api, exp="tomorrow"),
    }
    return {
        **{name: (token, "unauthorized") for name, token in {**NO_TOKENS, **forged}.items()},
        "expired": (forge(api, exp=now - 5), "token_expired"),
        "expired long ago": (forge(api, exp=5), "token_expired"),
        "revoked": (revoked, "token_revoked"),
    }


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
