"""The answers of /healthz and /readyz for load balancers and supervisors."""

from dataclasses import replace


def with_readiness(app, reason):
    app.extensions["maru"] = replace(app.extensions["maru"], readiness=lambda: reason)
    return app.test_client()


def test_alive_with_and_without_the_store(client, app_with):
    storeless = app_with(REDIS_URL="unix:///nonexistent/socket").test_client()
    for process in (client, storeless):
        response = process.get("/healthz")
        assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_ready(app):
    response = with_readiness(app, None).get("/readyz")
    archive = {"status": "ok", "rooms": 0, "behindSeconds": 0.0}
    assert (response.status_code, response.json) == (200, {"status": "ok", "archive": archive})


def test_an_archive_that_is_away_is_told_and_keeps_nobody_out(app, store):
    seconds, _ = store.redis.time()
    said = {"state": "away", "reason": "its disk is full", "at": seconds * 1000}
    store.redis.hset("maru:archive", mapping=said)
    store.redis.zadd("maru:unarchived", {"one": (seconds - 90) * 1000, "two": seconds * 1000})
    response = with_readiness(app, None).get("/readyz")
    assert (response.status_code, response.json["status"]) == (200, "ok")
    archive = response.json["archive"]
    assert archive.pop("behindSeconds") >= 90
    reason = "The archive cannot be written to: its disk is full."
    assert archive == {"status": "trouble", "reason": reason, "rooms": 2}
    metrics = with_readiness(app, None).get("/metrics")
    assert metrics.content_type.startswith("text/plain")
    assert "\nmaru_archive_up 0\n" in metrics.text
    assert "\nmaru_archive_rooms_waiting 2\n" in metrics.text


def test_a_follower_that_is_silent_is_told(app, store):
    seconds, _ = store.redis.time()
    said = {"state": "working", "reason": "", "at": (seconds - 60) * 1000}
    store.redis.hset("maru:archive", mapping=said)
    archive = with_readiness(app, None).get("/readyz").json["archive"]
    assert archive["reason"] == "No follower is at work."


def test_unready_when_the_worker_hears_nothing(app):
    response = with_readiness(app, "deaf").get("/readyz")
    assert (response.status_code, response.json) == (503, {"status": "unready", "reason": "deaf"})


def test_unready_without_the_store(app_with):
    app = app_with(REDIS_URL="unix:///nonexistent/socket")
    response = with_readiness(app, None).get("/readyz")
    assert response.status_code == 503
    assert response.json["status"] == "unready"


def test_an_archive_that_this_worker_cannot_read_is_told(app):
    process = with_readiness(app, None)
    app.extensions["maru"].archive.trouble = "it cannot be opened"
    archive = process.get("/readyz").json["archive"]
    assert archive["reason"] == "This worker cannot read the archive: it cannot be opened."
