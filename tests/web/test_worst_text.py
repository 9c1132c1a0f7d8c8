"""Extreme texts in every field: each is refused, and the server continues."""

import base64
import faulthandler
import json
from collections.abc import Iterator

import orjson
import pytest

from tests.conftest import PASSWORD

#: Combining marks in descending class: to compose (NFC) n of them takes a time of n squared. As
#: many as a body holds would keep a worker busy for more than a minute.
MARKS = "a" + "\u0345" * 60_000 + "\u0334" * 60_000
WORST = {
    "combining marks": MARKS,
    "hangul in parts": "\u1112\u1161\u11ab" * 28_000,
    "letters that unfold": "\ufdfa" * 80_000,
    "one letter": "x" * 200_000,
    "half surrogates": "\ud800" * 40_000,
}
#: Seconds within which the doors of a test have answered; a quadratic one takes minutes.
DEADLINE = 30
#: What a request line and its headers may hold at most, more or less.
HEAD = 12_000

each_text = pytest.mark.parametrize("text", WORST.values(), ids=WORST)


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """Ends the run, with a traceback, where a door is still busy with its text."""
    faulthandler.dump_traceback_later(DEADLINE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def json_of(**fields: object) -> dict[str, object]:
    """A request with a JSON body, in which half surrogates are escaped."""
    try:
        return {"data": orjson.dumps(fields), "content_type": "application/json"}
    except TypeError:
        return {"data": json.dumps(fields), "content_type": "application/json"}


@each_text
def test_at_the_doors_for_anybody(client, register, submit, text):
    register("bora")
    doors = [
        ("/api/token", {"name": text, "password": PASSWORD}),
        ("/api/token", {"name": "bora", "password": text}),
        ("/api/register", {"name": text, "password": PASSWORD}),
        ("/api/register", {"name": "dan", "password": text}),
    ]
    for path, fields in doors:
        status = client.post(path, **json_of(**fields)).status_code
        # 400: half a surrogate pair is no JSON at all.
        assert status in ((400, 401) if path == "/api/token" else (400, 413)), (path, *fields)
    if "\ud800" not in text:
        # A form cannot carry half of a pair.
        for path in ("/login", "/register", "/language"):
            fields = {"name": text, "password": text, "next": text, "lang": text}
            assert submit(client, path, **fields).status_code == 413


@each_text
def test_at_the_doors_for_people(bora, hall, attic, text):
    refusals = [
        bora.post("/api/rooms", **json_of(name=text)),
        bora.patch(hall, **json_of(name=text)),
        bora.post(f"{hall}/messages", **json_of(message=text)),
        bora.post(f"{hall}/messages", **json_of(message="hello", clientId=text)),
    ]
    for refusal in refusals:
        expected = (400, "invalid") if "\ud800" in text else (413, "too_long")
        assert (refusal.status_code, refusal.json["error"]["code"]) == expected
    assert bora.get(f"{hall}/messages").json["messages"] == []


@each_text
def test_in_addresses_and_headers(client, bora, hall, attic, text):
    text = text.replace("\ud800", "x")[: HEAD // 6]
    assert bora.get("/api/rooms", query_string={"q": text}).status_code == 413
    assert bora.get("/api/rooms", query_string={"cursor": text}).status_code == 400
    assert bora.get("/api/rooms", query_string={"limit": text}).status_code == 400
    assert bora.get(f"{hall}/messages", query_string={"before": text}).status_code == 400
    assert bora.put(f"{attic}/members/{text}").status_code == 413
    assert bora.delete(f"{attic}/members/{text}").status_code == 413
    assert bora.put(f"{hall}/messages/1/reactions/{text}").status_code == 413
    assert bora.get(f"/api/rooms/{text}").status_code == 404
    assert client.get("/login", query_string={"next": text}).status_code == 200
    given = {"Authorization": f"Bearer {'x' * HEAD}", "X-CSRFToken": "x" * HEAD}
    assert client.get("/api/rooms", headers=given).status_code == 401
    given = {"Accept-Language": "a-" * (HEAD // 2), "Cookie": f"tz={'x/' * 1000}; lang={'x' * 99}"}
    assert client.get("/login", headers=given).status_code == 200


@each_text
def test_at_the_pages_of_people(login, submit, text):
    admin = login("root", role="admin")
    if "\ud800" in text:
        return  # A form cannot carry it.
    text = text[:1_000]
    assert submit(admin, "/admin/role", person=text, role="user").status_code == 413
    assert submit(admin, "/admin/role", person="root", role=text).status_code == 400
    assert submit(admin, "/rooms", name=text).status_code == 413
    refused = submit(admin, "/settings", current=PASSWORD, password=text)
    assert refused.status_code == 413
    assert submit(admin, "/settings", current=text, password="new password").status_code == 401
    assert admin.get("/rooms", query_string={"q": text[:500]}).status_code == 413


def test_a_form_of_nothing_but_separators_is_not_read(client):
    body = {"data": "a&" * 100_000, "content_type": "application/x-www-form-urlencoded"}
    for path in ("/login", "/register", "/language", "/logout", "/rooms"):
        assert client.post(path, **body).status_code == 413


@pytest.mark.parametrize("digits", [20, 5_000])
def test_a_number_of_a_message_beyond_all_numbers_is_not_there(bora, hall, digits):
    path = f"{hall}/messages/{'9' * digits}"
    assert bora.patch(path, json={"message": "x"}).status_code == 404
    assert bora.delete(path).status_code == 404
    assert bora.put(f"{path}/reactions/👍").status_code == 404


@pytest.mark.parametrize("number", ["9" * 100_000, "-" + "9" * 100_000, "1e999", "1" + "0" * 4_000])
def test_a_number_of_very_many_digits_is_no_number(bora, hall, number):
    body = '{"message": ' + number + ', "clientId": ' + number + "}"
    answer = bora.post(f"{hall}/messages", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert bora.get(f"{hall}/messages", query_string={"before": number[:HEAD]}).status_code == 400


def test_json_nested_without_end_is_not_read(bora, hall):
    for body in ("[" * 200_000, '{"a":' * 40_000, '{"message": ' + "[" * 100_000):
        answer = bora.post(f"{hall}/messages", data=body, content_type="application/json")
        assert answer.status_code == 400


@pytest.mark.parametrize("inside", ["[" * 2_900, '{"a":' * 580, '{"exp":' + "9" * 2_800 + "}"])
@pytest.mark.parametrize("part", [0, 1])
def test_a_token_of_json_without_end_is_no_token(client, inside, part):
    parts = ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "e30", "x"]
    parts[part] = _base64(inside)
    answer = client.get("/api/rooms", headers={"Authorization": f"Bearer {'.'.join(parts)}"})
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "unauthorized"


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
