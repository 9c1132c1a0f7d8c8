"""The admins' page."""

import pytest

from chat import account_state, keys, people, profile
from tests.conftest import PASSWORD


def test_the_admin_page_lists_people_and_sets_roles(login, submit, register):
    register("dan")
    admin, dan = login("root", role="admin"), login("dan")
    assert "dan" in admin.get("/admin").text
    assert submit(admin, "/admin/role", person="dan", role="admin").location == "/admin"
    assert dan.get("/admin").status_code == 200


def test_the_admin_page_is_for_admins(login, submit):
    client = login("dan")
    assert client.get("/admin").status_code == 403
    assert submit(client, "/admin/role", person="dan", role="admin").status_code == 403
    assert client.get("/admin").status_code == 403


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [("dan", "king", 400), ("nobody", "user", 404), ("", "", 400), ("\0", "user", 404)],
)
def test_roles_that_cannot_be_set(login, submit, name, role, status):
    login("dan")
    admin = login("root", role="admin")
    assert submit(admin, "/admin/role", person=name, role=role).status_code == status


@pytest.fixture
def admin(login):
    return login("root", role="admin")


def test_the_admin_page_deactivates_and_activates_again(admin, login, register, store, submit):
    dan = login("dan")
    assert submit(admin, "/admin/deactivate", person="dan").location == "/admin"
    assert "Deactivated" in admin.get("/admin").text
    assert dan.get("/rooms").location == "/login?next=/rooms"
    answer = submit(dan, "/login", name="dan", password=PASSWORD)
    assert answer.status_code == 401
    assert "This account is deactivated. Ask an admin." in answer.text
    assert submit(admin, "/admin/reactivate", person="dan").location == "/admin"
    assert submit(dan, "/login", name="dan", password=PASSWORD).status_code == 302


def test_a_deactivated_account_does_not_tell_who_has_not_the_password(login, store, submit, client):
    login("dan")
    account_state.deactivate(store, "dan")
    answer = submit(client, "/login", name="dan", password="wrong password")
    assert "The name or the password is not right." in answer.text


def test_whoever_deletes_an_account_types_its_name(admin, login, store, submit):
    dan = login("dan")
    user_id = people.find_by_name(store, "dan").user_id
    for typed in ("", "root", "dan.", "x" * 99):
        answer = submit(admin, "/admin/delete", person=user_id, name=typed)
        assert answer.status_code in (400, 413)
    assert dan.get("/rooms").status_code == 200
    assert submit(admin, "/admin/delete", person=user_id, name="DAN").location == "/admin"
    assert people.find(store, user_id).deleted
    assert ">dan<" not in admin.get("/admin").text
    assert dan.get("/rooms").location == "/login?next=/rooms"
    assert submit(admin, "/admin/delete", person=user_id, name="dan").status_code == 404


@pytest.mark.parametrize("what", ["account", "name", "words", "", "everything"])
def test_an_admin_chooses_what_becomes_of_what_was_said(admin, register, store, submit, what):
    user_id = register("dan").user_id
    answer = submit(admin, "/admin/delete", person=user_id, name="dan", what=what)
    person = people.find(store, user_id)
    if what == "everything":
        assert answer.status_code == 400 and not person.deleted
        return
    assert person.deleted and (person.name == "dan") == (what in ("account", ""))
    erased = store.redis.hget(keys.ERASING, user_id)
    assert erased is None if what in ("account", "") else erased[:3] == b"%d 1" % (what == "words")
    assert ("erased at this moment: 1" in admin.get("/admin").text) == bool(erased)


def test_what_was_done_to_an_account_is_said_on_the_list_as_it_was_searched(
    admin, register, submit
):
    register("dan")
    for action, words in (
        ("deactivate", "dan is deactivated now."),
        ("reactivate", "dan is active again."),
        ("delete", "The account of dan is deleted."),
    ):
        sent = submit(admin, f"/admin/{action}", person="dan", name="dan", q="da n", cursor="")
        assert sent.location == "/admin?q=da+n"
        assert words in admin.get(sent.location).text
        assert words not in admin.get(sent.location).text


def test_an_admin_who_is_the_last_one_stays(admin, store, submit):
    for action in ("deactivate", "delete"):
        assert submit(admin, f"/admin/{action}", person="root", name="root").status_code == 409
    assert admin.get("/admin").status_code == 200


@pytest.mark.parametrize("action", ["deactivate", "reactivate", "delete"])
def test_what_ends_an_account_is_for_admins(login, register, store, submit, action):
    register("dan")
    ben = login("ben")
    assert submit(ben, f"/admin/{action}", person="dan", name="dan").status_code == 403
    assert not people.find_by_name(store, "dan").deactivated


def test_the_admin_page_finds_people_and_shows_display_names(admin, register, store):
    dan = register("dan")
    register("nora")
    profile.change(store, dan.user_id, {"displayName": "김민준"})
    page = admin.get("/admin?q=ㅁㅈ").text
    assert "김민준" in page and "@<bdi>dan</bdi>" in page and "nora" not in page
    assert "There is nobody here." in admin.get("/admin?q=nobody").text


def test_the_admin_page_shows_so_many_people_at_a_time(admin, made):
    for i in range(100):
        made(f"p{i:03}")
    page = admin.get("/admin").text
    more = page.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert more.startswith("/admin?cursor=")
    rest = admin.get(more).text
    assert "root" in rest and "root" not in page.partition('class="accounts"')[2]
