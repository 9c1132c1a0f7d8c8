"""The pages of a room's members: who is offered what, and the forms without script."""

import re

import pytest

from chat import account_state, people, profile

OFFERED = re.compile(r'action="/rooms/[^/"]+/members/(\w+)"')


@pytest.fixture
def house(login, submit, store):
    """An open room of Ann's: ``house.path``, clients by name, and ``house.card(who, of)``."""

    class House:
        def __init__(self):
            self.clients = {name: login(name) for name in ("ann", "bora", "cho", "dan")}
            self.path = submit(self.clients["ann"], "/rooms", name="hall").location

        def send(self, who, form, **fields):
            return submit(self.clients[who], f"{self.path}/members{form}", **fields)

        def card(self, who, of):
            user_id = people.find_by_name(store, of).user_id
            return self.clients[who].get(f"{self.path}/members/{user_id}")

    made = House()
    for name in ("bora", "cho"):
        assert made.send("ann", "", name=name).status_code == 302
    assert made.send("ann", "/role", name="bora", role="moderator").status_code == 302
    return made


@pytest.mark.parametrize(
    ("who", "of", "offered"),
    [
        ("ann", "bora", {"role", "mute", "remove", "ban"}),
        ("ann", "ann", set()),
        ("bora", "cho", {"mute", "remove", "ban"}),
        ("bora", "ann", set()),
        ("bora", "bora", {"remove"}),
        ("cho", "bora", set()),
        ("dan", "cho", set()),
    ],
)
def test_each_is_offered_what_he_or_she_may_do(house, who, of, offered):
    assert set(OFFERED.findall(house.card(who, of).text)) == offered


def test_the_page_of_a_person_shows_the_name_once(house):
    page = house.card("ann", "cho").text.split('<main id="main"')[1].split("</main>")[0]
    # Read out, it is on the button too.
    words = re.sub(r'<span class="visually-hidden">.*?</span>|<[^>]*>', " ", page)
    assert words.split().count("cho") == 1


def test_one_is_not_offered_a_direct_room_with_oneself(house):
    assert 'action="/direct"' in house.card("cho", "ann").text
    assert 'action="/direct"' not in house.card("cho", "cho").text


def test_roles_are_marked_in_the_list_the_owner_first(house):
    page = house.clients["dan"].get(f"{house.path}/members").text
    listed = re.findall(r'data-name="(\w+)".*?<span class="hint"[^>]*>([^<]*)<', page)
    assert listed == [("ann", "owner"), ("bora", "moderator"), ("cho", "")]


def test_muting_and_letting_write_again(house):
    for span, words in (("hour", "muted until"), ("off", "")):
        assert house.send("bora", "/mute", name="cho", **{"for": span}).status_code == 302
        assert ("muted until" in house.card("ann", "cho").text) == bool(words)
    assert house.send("bora", "/mute", name="cho", **{"for": "ever"}).status_code == 400


def test_who_is_banned_is_listed_for_those_who_may_lift_it(house):
    assert house.send("bora", "/ban", name="cho").status_code == 302
    assert "Banned" in house.clients["bora"].get(f"{house.path}/members").text
    assert "Banned" not in house.clients["dan"].get(f"{house.path}/members").text
    assert set(OFFERED.findall(house.card("ann", "cho").text)) == {"unban"}
    assert house.send("bora", "/unban", name="cho").status_code == 302
    assert "Banned" not in house.clients["bora"].get(f"{house.path}/members").text


def test_who_was_removed_is_told_apart_from_who_is_banned(house):
    assert house.send("bora", "/remove", name="cho").status_code == 302
    card, members = (
        house.clients["bora"].get(f"{house.path}/members{more}").text for more in ("/cho", "")
    )
    assert "Cannot come back until" in card and "Let them come back now" in card
    assert "Cannot come back yet" in members
    assert "Banned" not in card and "Banned" not in members
    refused = house.clients["cho"].get(house.path)
    assert refused.status_code == 403
    assert re.search(r"You can come back in \d+ min\.", refused.text)
    assert house.send("bora", "/unban", name="cho").status_code == 302
    assert house.clients["cho"].get(house.path).status_code == 200


def test_a_deleted_account_is_no_longer_listed_as_banned(house, store):
    assert house.send("bora", "/ban", name="cho").status_code == 302
    cho = people.find_by_name(store, "cho")
    account_state.delete(store, cho.user_id, by=None, locale="en")
    assert "Banned" not in house.clients["bora"].get(f"{house.path}/members").text
    card = house.clients["bora"].get(f"{house.path}/members/{cho.user_id}").text
    assert "Deleted account" in card and "Lift the ban" not in card


@pytest.mark.parametrize("given", ["nobody", "u0000000000000000", "%00", "x:rooms", "u1:rooms"])
def test_somebody_who_does_not_exist(house, given):
    assert house.clients["ann"].get(f"{house.path}/members/{given}").status_code == 404


@pytest.mark.parametrize("more", ["", "/ann"])
def test_strangers_learn_nothing_of_a_private_room(login, submit, more):
    path = submit(login("ann"), "/rooms", name="attic", private="y").location
    assert login("dan").get(f"{path}/members{more}").status_code == 404


def test_describing_and_archiving(house, submit):
    ann, cho = house.clients["ann"], house.clients["cho"]
    assert submit(ann, f"{house.path}/describe", description="What we do").location == house.path
    assert "What we do" in cho.get(house.path).text
    assert submit(cho, f"{house.path}/describe", description="mine").status_code == 403
    assert submit(ann, f"{house.path}/archive", archived="1").location == house.path
    assert "This room is archived: it can only be read." in cho.get(house.path).text
    assert submit(ann, f"{house.path}/archive", archived="0").location == house.path


@pytest.mark.parametrize("given", ["bora, cho", "@bora cho", "bora;cho,", "bora\ncho"])
def test_writing_to_several(house, submit, given):
    first = submit(house.clients["ann"], "/direct", people=given)
    assert first.location == submit(house.clients["cho"], "/direct", people="ann,bora").location
    page = house.clients["ann"].get(first.location).text
    assert "<bdi>bora, cho</bdi>" in page
    assert "Delete this room" not in page


@pytest.mark.parametrize(
    ("given", "status"), [("", 400), ("ann", 400), ("nobody", 404), (" ".join("abcdefghi"), 400)]
)
def test_writing_to_nobody(house, submit, given, status):
    assert submit(house.clients["ann"], "/direct", people=given).status_code == status


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("bora, nobody.here", "There is nobody called nobody.here."),
        ("ann", "That is you yourself. Name somebody else to write to."),
    ],
)
def test_who_cannot_be_written_to_is_named(house, submit, given, words):
    assert words in submit(house.clients["ann"], "/direct", people=given).text


def test_the_card_says_what_time_it_is_for_the_person(house, store):
    assert "where they are" not in house.card("ann", "cho").text
    cho = people.find_by_name(store, "cho")
    profile.change(store, cho.user_id, {"timeZone": "Asia/Seoul"})
    assert re.search(r"\d\d:\d\d where they are", house.card("ann", "cho").text)


def test_who_has_added_one_is_told_until_one_has_taken_note(house):
    words = "ann</bdi> has added you to this room."
    assert words in house.clients["cho"].get(house.path).text
    assert house.send("cho", "/noted").location == house.path
    assert words not in house.clients["cho"].get(house.path).text
    assert words not in house.clients["ann"].get(house.path).text
