"""Two Marus on one store, each with keys and channels of its own."""

import redis
import socketio

from tests.live.client import settle
from tests.live.cluster import Maru


def test_they_do_not_hear_each_other(tmp_path, store_url):
    with redis.Redis.from_url(store_url) as store:
        store.flushall()
    usual = {"REDIS_URL": store_url, "SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}
    one = Maru(tmp_path / "one", 1, **usual)
    two = Maru(tmp_path / "two", 1, **usual, KEY_PREFIX="team2:")
    for maru in (one, two):
        maru.log.parent.mkdir()
    try:
        here, there = one.start().admin, two.start().admin
        room, other = here.create_room(), there.create_room()
        assert [r["roomId"] for r in there.request("GET", "/api/rooms").json()["rooms"]] == [other]
        listener, stranger = here.connect(), there.connect()
        listener.join(room)
        stranger.join(other)
        # Even to a room of the same id: what is emitted from outside goes to one of them.
        for channel, to in (("team2:flask-socketio", other), ("flask-socketio", room)):
            outside = socketio.RedisManager(store_url, channel=channel, write_only=True)
            outside.emit("build", {"channel": channel}, room=to)
        assert stranger.wait_for_event("build")["channel"] == "team2:flask-socketio"
        assert listener.wait_for_event("build")["channel"] == "flask-socketio"
        here.say(room, "here")
        there.say(other, "there")
        settle(room, listener)
        settle(other, stranger)
        listener.close()
        stranger.close()
        kept = {key.decode() for key in redis.Redis.from_url(store_url).scan_iter("*")}
        assert {key.split(":")[0] for key in kept} == {"maru", "team2"}
        for maru in (one, two):
            assert "Another Maru" not in maru.log.read_text()
            assert maru.trouble() == []
    finally:
        for maru in (one, two):
            maru.stop()
