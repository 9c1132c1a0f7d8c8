"""What an earlier Maru has stored, for tests to carry over; ``data/make_store.py`` makes it."""

import base64
import gzip
import json
import time
from pathlib import Path
from typing import Any

import itsdangerous
import jwt
import redis
from flask.json.tag import TaggedJSONSerializer

DATA = Path(__file__).parent / "data"
#: By the commit that has made them: the first that stores were made with, and the last before ids.
FIXTURES = sorted(DATA.glob("store-*.json.gz"))


class Stored:
    """One fixture. ``known`` is what its maker tells of it."""

    def __init__(self, path: Path) -> None:
        self.known: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        self._keys: dict[str, list[Any]] = self.known.pop("keys")
        self.rooms: dict[str, str] = self.known["rooms"]

    def restore(self, store: redis.Redis) -> None:
        """Put every key into an empty store; those that expire live as long as they did."""
        with store.pipeline(transaction=False) as pipeline:
            for key, (ms, dumped) in self._keys.items():
                pipeline.restore(key, ms, base64.b64decode(dumped))
            pipeline.execute()

    def write_secrets(self, data_dir: Path) -> None:
        """Into a data folder, so that the Maru of that folder signs with them."""
        for name, secret in self.known["secrets"].items():
            (data_dir / name).write_text(secret)
            (data_dir / name).chmod(0o600)

    def token(self, whose: str) -> str:
        """A token as it was, with an end that is still to come."""
        secret = self.known["secrets"]["jwt_secret_key"].strip()
        token, anew = self.known["tokens"][whose], {"exp": int(time.time()) + 3600}
        unverified = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(token, secret, algorithms=["HS256"], options=unverified)
        return jwt.encode({**claims, **anew}, secret, algorithm="HS256")

    def cookie(self, whose: str) -> str:
        """A cookie as it was, of a login that began now."""
        signer = itsdangerous.URLSafeTimedSerializer(
            self.known["secrets"]["secret_key"].strip(),
            salt="cookie-session",
            serializer=TaggedJSONSerializer(),
            signer_kwargs={"key_derivation": "hmac"},
        )
        session = signer.loads(self.known["cookies"][whose])
        return str(signer.dumps({**session, "since": int(time.time())}))


def everything(store: redis.Redis) -> dict[str, Any]:
    """Each key of the store -> what it holds, in a form that can be compared."""
    read = {
        b"string": store.get,
        b"hash": store.hgetall,
        b"set": store.smembers,
        b"zset": lambda key: store.zrange(key, 0, -1, withscores=True),
        b"stream": lambda key: (store.xrange(key), _positions(store, key)),
    }
    return {key.decode(): read[store.type(key)](key) for key in sorted(store.scan_iter(count=1000))}


def _positions(store: redis.Redis, key: bytes) -> list[Any]:
    told = store.xinfo_stream(key)
    return [told[n] for n in ("last-generated-id", "entries-added", "max-deleted-entry-id")]


def text_of(found):
    """What redis-py gives, with text in place of bytes."""
    if isinstance(found, bytes):
        return found.decode()
    if isinstance(found, dict):
        return {text_of(key): text_of(value) for key, value in found.items()}
    return type(found)(map(text_of, found))
