"""Each example of docs/api.md, run in a shell, gives the answer that the document shows."""

import json
import os
import re
import subprocess
import uuid

import pytest
import requests

from tests.live.cluster import PASSWORD, ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n(?:```json\n(.*?)```)?", DOCUMENT, re.DOTALL)
JSON = "Content-Type: application/json"
#: Fields that a person has only once they are set, as an earlier example may have done.
OF_SOME = ("status", "timeZone")


@pytest.fixture(scope="module")
def people(shared_maru):
    """bora, who is in the examples, and dan, who is invited."""
    for name in ("bora", "dan"):
        shared_maru.register(name)
    return shared_maru


@pytest.fixture
def variables(people):
    """What the examples before this one would have left in the shell."""
    tokens, dans = (
        requests.post(
            f"{people.url}/api/token", json={"name": name, "password": PASSWORD}, timeout=30
        ).json()
        for name in ("bora", "dan")
    )
    return {
        "PATH": os.environ["PATH"],
        "MARU": people.url,
        "JSON": JSON,
        "TOKEN": tokens["accessToken"],
        "REFRESH": tokens["refreshToken"],
        "DAN": dans["accessToken"],
    }


def room_with_a_message(variables, private):
    """A new room of bora's, in which dan is or of which he may become a member."""
    headers = {"Authorization": f"Bearer {variables['TOKEN']}"}
    rooms = variables["MARU"] + "/api/rooms"
    body = {"name": "마루", "private": private}
    room = requests.post(rooms, json=body, headers=headers, timeout=30).json()["roomId"]
    said = {"message": "안녕하세요", "clientId": "deploy-42"}
    requests.post(f"{rooms}/{room}/messages", json=said, headers=headers, timeout=30)
    if private:
        requests.put(f"{rooms}/{room}/members/dan", headers=headers, timeout=30)
    return room


def last_json(printed):
    """The body of the last answer, which stands on a line of its own."""
    return json.loads([line for line in printed.splitlines() if line.startswith("{")][-1])


def shape(value):
    """What a program relies on: the names of fields, and the types of what is in them."""
    if isinstance(value, dict):
        left_out = OF_SOME if "displayName" in value else ()
        return {name: shape(inner) for name, inner in value.items() if name not in left_out}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


@pytest.mark.parametrize("command, shown", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_answers_as_shown(people, variables, command, shown):
    if command.startswith("MARU="):
        pytest.skip("sets what the others use")
    if "/me/delete" in command:
        # bora is needed by other examples.
        variables["TOKEN"] = people.register_some("dora").token
    room = room_with_a_message(variables, private="/members" in command)
    # Whoever runs the examples once has an account of that name afterwards.
    if "/api/register" in command:
        command = command.replace('"bora"', f'"bora-{uuid.uuid4().hex[:8]}"')
    done = subprocess.run(
        ["bash", "-ec", command.replace("curl ", "curl -sS -w '\\n%{http_code}\\n' ")],
        env={**variables, "ROOM": room},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    status = done.stdout.split()[-1]
    if not shown:
        assert status.startswith("2"), done.stdout
        return
    wanted, got = json.loads(shown.replace("…", "")), last_json(done.stdout)
    assert ("error" in wanted) == (not status.startswith("2")), done.stdout
    if "users" in wanted:
        # Nobody is here while the examples run.
        assert got == {"users": [], "userCount": 0}
    elif wanted.get("rooms"):
        assert shape(got["rooms"][0]) == shape(wanted["rooms"][0])
    else:
        assert shape(got) == shape(wanted)


def calls(command):
    """``(method, path)`` of each curl in an example."""
    for line in command.replace("\\\n", " ").splitlines():
        found = re.search(r"\$MARU([^\s\"?]*)", line)
        if found:
            method = re.search(r"-X (\w+)", line)
            yield (method[1] if method else "POST" if " -d " in line else "GET"), found[1]


def test_every_call_of_the_api_has_an_example():
    shown = [call for command, _ in EXAMPLES for call in calls(command)]
    named = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)`", DOCUMENT))
    # Scripts of Maru's own pages ask for that with their cookie.
    named.remove(("GET", "/api/token"))
    for method, path in named:
        pattern = re.sub(r"<\w+>", "[^/]+", path)
        assert any(m == method and re.fullmatch(pattern, p) for m, p in shown), f"{method} {path}"
