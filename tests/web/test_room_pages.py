"""The pages of the rooms."""

import html
import json
import re

import pytest

from chat import people, room_lifecycle
from tests.conftest import PASSWORD, account_key


def page_data(response):
    """What the page hands to its script."""
    return json.loads(html.unescape(re.search(r"data-page='([^']*)'", response.text)[1]))


@pytest.fixture
def room(store, register):
    """A room of Bora's."""
    return room_lifecycle.create(store, register("bora"), "hall")


@pytest.fixture
def private_room(store, register):
    """A private room of Dan's."""
    return room_lifecycle.create(store, register("dan"), "attic", private=True)


PAGES = ["/rooms", "/rooms/abc", "/settings", "/admin"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_those_logged_in(client, path):
    assert client.get(path).location == f"/login?next={path}"


def test_the_front_door_leads_to_the_rooms(client):
    assert client.get("/").location == "/rooms"


@pytest.mark.parametrize("path", ["/rooms/%00", "/rooms/%5cx", "/rooms?q=" + "x" * 5000])
def test_a_way_back_that_makes_no_sense_is_left_out(client, path):
    assert client.get(path).location == "/login"


def test_the_way_back_keeps_the_query(client):
    assert client.get("/rooms?q=kitchen&x=").location == "/login?next=/rooms?q%3Dkitchen%26x%3D"


@pytest.mark.parametrize("path", ["/rooms", "/rooms/abc", "/admin"])
def test_guests_are_kept_out(login, path):
    response = login("gast", role="guest").get(path)
    assert response.status_code == 403
    assert "Your account waits for approval." in response.text


def test_a_new_role_counts_at_once(login, store):
    client = login("dan")
    store.redis.hset(account_key(store, "dan"), "role", "guest")
    assert client.get("/rooms").status_code == 403


def test_creating_a_room_leads_into_it(login, submit):
    client = login("bora")
    response = submit(client, "/rooms", name="마루")
    assert re.fullmatch(r"/rooms/[A-Za-z0-9_-]+", response.location)
    assert "마루" in client.get(response.location).text
    assert "마루" in client.get("/rooms").text


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\u200b", "x" * 81])
def test_names_that_no_room_can_have(login, submit, name):
    response = submit(login("bora"), "/rooms", name=name)
    assert response.status_code == (413 if len(name) > 80 else 400)
    assert "name has 1 to 80 characters" in response.text


def test_a_private_room_is_nobody_elses_business(login, submit):
    owner, other = login("bora"), login("dan")
    path = submit(owner, "/rooms", name="attic", private="y").location
    assert owner.get(path).status_code == 200
    assert other.get(path).status_code == 404
    assert "attic" not in other.get("/rooms").text


def test_search(login, submit):
    client = login("bora")
    submit(client, "/rooms", name="Kitchen")
    submit(client, "/rooms", name="Garden")
    listed = client.get("/rooms?q=kitch").text
    assert "Kitchen" in listed
    assert "Garden" not in listed


@pytest.mark.parametrize("cursor", ["x", "1-", "-abc", "\0", "9" * 400, "1-" + "a" * 99])
def test_a_cursor_that_is_none_of_ours(login, cursor):
    assert login("bora").get("/rooms", query_string={"cursor": cursor}).status_code == 400


def test_the_room_page_shows_what_was_said_and_tells_its_script(app, store, login, room):
    conversation, bora = app.extensions["maru"].conversation, people.find(store, "bora")
    client = login("bora")
    for i in range(51):
        conversation.talk(bora, room.room_id, f"<b>word {i}</b>")
    response = client.get(f"/rooms/{room.room_id}")
    assert "&lt;b&gt;word 50&lt;/b&gt;" in response.text
    assert "word 0&lt;" not in response.text
    data = page_data(response)
    assert data["roomId"] == room.room_id
    assert (data["me"], data["owner"], data["lang"]) == ("bora", "bora", "en")
    assert (data["seq"], data["more"], data["epoch"]) == (51, True, room.epoch)
    assert (data["messageMax"], data["graceSeconds"]) == (4000, 3)
    assert data["csrf"]


def test_a_page_that_goes_on_to_another_room_gets_the_rooms_own_parts(login, room):
    client = login("bora")
    parts = client.get(f"/rooms/{room.room_id}", headers={"X-Requested-With": "swup"})
    assert re.findall(r'<(?:section|main|div|template)\b[^>]* id="([\w-]+)"', parts.text)[:1] == [
        "conversation"
    ]
    for id_ in ("conversation", "people", "room-dialogs"):
        assert f'id="{id_}"' in parts.text
    assert 'id="rooms"' not in parts.text and "<template id=" not in parts.text
    whole = page_data(client.get(f"/rooms/{room.room_id}"))
    # The token is signed with the time.
    assert page_data(parts) | {"csrf": ""} == whole | {"csrf": ""}
    assert {"me", "lang", "version", "roomId"} <= whole.keys()


@pytest.mark.parametrize("room_id", ["nope", "a" * 33, "{}", "..%5C", "%00", "a b", "보라", "*"])
def test_rooms_that_do_not_exist(login, room_id):
    assert login("bora").get(f"/rooms/{room_id}").status_code == 404


def test_renaming_and_deleting_a_room(login, submit, room):
    client, path = login("bora"), f"/rooms/{room.room_id}"
    assert submit(client, f"{path}/rename", name="great hall").location == path
    assert "great hall" in client.get(path).text
    assert submit(client, f"{path}/delete").location == "/rooms"
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(("form", "fields"), [("rename", {"name": "mine"}), ("delete", {})])
def test_only_owner_and_admin_manage_a_room(login, submit, room, form, fields):
    path = f"/rooms/{room.room_id}/{form}"
    assert submit(login("dan"), path, **fields).status_code == 403
    assert submit(login("root", role="admin"), path, **fields).status_code == 302


def test_inviting_and_removing(login, submit, register, private_room):
    register("bora")
    owner, invited, path = login("dan"), login("bora"), f"/rooms/{private_room.room_id}"
    assert submit(owner, f"{path}/members", name="BORA").location == path
    assert invited.get(path).status_code == 200
    assert submit(invited, f"{path}/members", name="dan").status_code == 403
    assert submit(owner, f"{path}/members/remove", name="bora").location == path
    assert invited.get(path).status_code == 404


def test_inviting_nobody(login, submit, private_room):
    response = submit(login("dan"), f"/rooms/{private_room.room_id}/members", name="nobody")
    assert response.status_code == 404


def test_whoever_was_let_in_is_told_by_whom_and_leaves_with_one_click(login, store, submit):
    owner, guest = login("ann"), login("bora")
    path = submit(owner, "/rooms", name="Secret", private="y").location
    submit(owner, f"{path}/members", name="bora")
    assert "ann let you into this room." in guest.get(path).text
    assert "let you into" not in owner.get(path).text
    assert submit(guest, f"{path}/members/refuse").location == "/rooms"
    assert guest.get(path).status_code == 404
    assert submit(owner, f"{path}/members", name="bora").status_code == 403


@pytest.mark.parametrize("path", ["/rooms", "/settings"])
def test_a_page_can_be_asked_for_without_its_body(login, path):
    answer = login("bora").head(path)
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_link_to_a_message_opens_the_room_around_it(login, store, conversation, room):
    client, bora = login("bora"), people.find(store, "bora")
    for number in range(1, 121):
        conversation.talk(bora, room.room_id, f"line {number}")
    address = f"/rooms/{room.room_id}"
    there = client.get(f"{address}?at=60")
    seqs = [int(seq) for seq in re.findall(r'data-seq="(\d+)" data-at', there.text)]
    assert 60 in seqs and len(seqs) == 50 and seqs == list(range(seqs[0], seqs[-1] + 1))
    linked = re.findall(r'class="message linked[^>]*data-seq="(\d+)"', there.text)
    assert linked == ["60"]
    told = page_data(there)
    assert (told["at"], told["more"], told["moreAfter"]) == (60, True, True)
    newest = page_data(client.get(address))
    assert (newest["at"], newest["more"], newest["moreAfter"]) == (0, True, False)
    for bad in ("", "0", "-1", "x", "9" * 30, "60.5", "٣"):
        assert page_data(client.get(f"{address}?at={bad}"))["seq"] == 120
    assert "message linked" not in client.get(f"{address}?at=500").text


def test_a_link_to_a_message_survives_the_log_in(client):
    assert client.get("/rooms/abc?at=5").location == "/login?next=/rooms/abc?at%3D5"


def test_a_room_says_after_how_many_days_its_messages_are_deleted(login, submit):
    client = login("bora")
    path = submit(client, "/rooms", name="Plans").location
    assert 'data-all="0" hidden' in client.get(path).text
    assert submit(client, f"{path}/keep", days="30").status_code == 302
    page = client.get(path).text
    assert "after so many days: 30<" in page and 'value="30"' in page
    for wrong in ("-1", "x", "1.5", "9" * 30):
        assert submit(client, f"{path}/keep", days=wrong).status_code == 400
    assert submit(client, f"{path}/keep", days=" ").status_code == 302
    assert "after so many days: 30<" not in client.get(path).text


@pytest.mark.parametrize(("own", "shown"), [("", 90), ("30", 30), ("100", 90)])
def test_the_shorter_limit_is_shown(app_with, register, submit, own, shown):
    register("bora")
    client = app_with(HISTORY_DAYS="90").test_client()
    submit(client, "/login", name="bora", password=PASSWORD)
    path = submit(client, "/rooms", name="Plans").location
    submit(client, f"{path}/keep", days=own)
    assert f"after so many days: {shown}<" in client.get(path).text
