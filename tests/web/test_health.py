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
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_unready_when_the_worker_hears_nothing(app):
    response = with_readiness(app, "deaf").get("/readyz")
    assert (response.status_code, response.json) == (503, {"status": "unready", "reason": "deaf"})


def test_unready_without_the_store(app_with):
    app = app_with(REDIS_URL="unix:///nonexistent/socket")
    response = with_readiness(app, None).get("/readyz")
    assert response.status_code == 503
    assert response.json["status"] == "unready"
