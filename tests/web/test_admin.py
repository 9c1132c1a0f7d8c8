"""The admins' page."""

import pytest


def test_the_admin_page_lists_people_and_sets_roles(login, submit, register):
    register("dan")
    admin, dan = login("root", role="admin"), login("dan")
    assert "dan" in admin.get("/admin").text
    assert submit(admin, "/admin/role", name="dan", role="admin").location == "/admin"
    assert dan.get("/admin").status_code == 200


def test_the_admin_page_is_for_admins(login, submit):
    client = login("dan")
    assert client.get("/admin").status_code == 403
    assert submit(client, "/admin/role", name="dan", role="admin").status_code == 403
    assert client.get("/admin").status_code == 403


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [("dan", "king", 400), ("nobody", "user", 404), ("", "", 400), ("\0", "user", 404)],
)
def test_roles_that_cannot_be_set(login, submit, name, role, status):
    login("dan")
    admin = login("root", role="admin")
    assert submit(admin, "/admin/role", name=name, role=role).status_code == status
