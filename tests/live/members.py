"""What owners and moderators do to members, over the API."""


def let_in(owner, room, *people):
    for person in people:
        answer = owner.request("PUT", f"/api/rooms/{room}/members/{person.name}")
        assert answer.status_code == 204, answer.text


def take_out(owner, room, person):
    answer = owner.request("DELETE", f"/api/rooms/{room}/members/{person.name}")
    assert answer.status_code == 204, answer.text


def ban(owner, room, person):
    answer = owner.request("PUT", f"/api/rooms/{room}/bans/{person.user_id}")
    assert answer.status_code == 204, answer.text


def give_role(owner, room, person, role):
    path = f"/api/rooms/{room}/members/{person.user_id}"
    assert owner.request("PUT", path, json={"role": role}).status_code == 204


#: What somebody is told who may not be in a room, or is not in it any more.
OUT = ("not_found", "forbidden", "not_joined")
