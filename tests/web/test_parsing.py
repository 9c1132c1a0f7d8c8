"""Malformed bodies, numbers and addresses are refused by the API."""

import io

import pytest

from tests.web.answers import refused


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"name"',
        b"7",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b'{"name": 1e999}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"[" * 100_000,
        b'{"name": "a", "name": 7}',
        b"\x00",
    ],
)
def test_bodies_that_are_no_json_object_of_ours(bora, data):
    response = bora.post("/api/rooms", data=data, content_type="application/json")
    assert refused(response, 400, "invalid")


def test_a_body_of_another_type(bora):
    assert refused(bora.post("/api/rooms", data={"name": "hall"}), 415, "invalid")
    assert refused(bora.post("/api/rooms", data=b'{"name": "hall"}'), 415, "invalid")


def test_a_body_that_is_too_large(bora):
    body = {"name": "x" * 300_000}
    assert refused(bora.post("/api/rooms", json=body), 413, "too_long")


def chunked(client, body):
    """Send a body in chunks, as the server hands it on: without a length."""
    environ = {"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(body)}
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    return client.post("/api/rooms", headers=headers, environ_overrides=environ)


def test_a_body_in_chunks(bora):
    assert chunked(bora, b'{"name": "hall"}').status_code == 201
    assert refused(chunked(bora, b'{"name": "hall"}' + b" " * 300_000), 413, "too_long")


NUMBERS = ["", "abc", "-1", "1.5", "0x10", " 1", "1e3", "٣", "9" * 20, "9" * 4000, "true"]


@pytest.mark.parametrize("limit", [*NUMBERS, "0", "201"])
def test_limits_that_cannot_be(bora, hall, limit):
    for path in ("/api/rooms", f"{hall}/messages"):
        assert refused(bora.get(path, query_string={"limit": limit}), 400, "invalid")


@pytest.mark.parametrize("field", ["before", "after"])
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_messages_that_cannot_be(bora, hall, field, number):
    response = bora.get(f"{hall}/messages", query_string={field: number})
    assert refused(response, 400, "invalid")


def test_before_and_after_at_once(bora, hall):
    assert refused(bora.get(f"{hall}/messages?before=5&after=1"), 400, "invalid")


def test_addresses_and_methods_that_there_are_not(bora, client):
    assert refused(client.get("/api"), 404, "not_found")
    assert refused(client.get("/api/nope"), 404, "not_found")
    response = bora.put("/api/rooms")
    assert refused(response, 405, "invalid")
    assert "POST" in response.headers["Allow"]
