"""What one was doing in a room is there when one comes back to it."""

from playwright.sync_api import expect

from tests.browser.going import arrives, go, is_marked, link, mark
from tests.browser.unsent import plant, waiting
from tests.waiting import eventually


def test_each_room_has_its_draft(two_rooms):
    ann, one, other = two_rooms
    ann.composer.fill("half a thought")
    go(ann, other, "Lunch")
    expect(ann.composer).to_have_value("")
    ann.composer.fill("soup or")
    go(ann, one, "Plans")
    expect(ann.composer).to_have_value("half a thought")
    ann.page.go_back()
    arrives(ann, other, "Lunch")
    expect(ann.composer).to_have_value("soup or")
    ann.page.reload()
    expect(ann.composer).to_have_value("soup or")


def test_what_was_written_without_a_network_is_sent_once_from_the_next_room(two_rooms):
    ann, one, other = two_rooms
    mark(ann)
    ann.context.set_offline(True)
    ann.write("On my way")
    ann.context.set_offline(False)
    go(ann, other, "Lunch")
    eventually(lambda: [m["message"] for m in ann.api.history(one)] == ["On my way"], 30)
    assert is_marked(ann)
    go(ann, one, "Plans")
    ann.hears("On my way")


def test_what_could_not_be_sent_is_told_in_each_room(two_rooms):
    ann, one, other = two_rooms
    plant(ann, one, reason="too_long", text="much too long")
    ann.enter(one)
    mark(ann)
    expect(waiting(ann)).to_have_text("1 could not be sent")
    go(ann, other, "Lunch")
    waiting(ann).click()
    ann.page.get_by_role("dialog").get_by_role("link", name="Plans").click()
    arrives(ann, one, "Plans")
    expect(ann.page.get_by_role("dialog")).to_have_count(0)
    assert is_marked(ann)


def test_what_was_typed_into_a_form_of_the_room_is_there_again(two_rooms):
    ann, one, other = two_rooms
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#rename").fill("Plans for Monday")
    ann.page.keyboard.press("Escape")
    go(ann, other, "Lunch")
    expect(ann.page.locator("#rename")).to_have_value("Lunch")
    go(ann, one, "Plans")
    expect(ann.page.locator("#rename")).to_have_value("Plans for Monday")


def test_back_leads_to_where_one_was_reading(two_rooms):
    ann, one, other = two_rooms
    for number in range(150):
        ann.api.say(other, f"Line {number}")
    go(ann, other, "Lunch")
    ann.hears("Line 149")
    # Far enough up that older messages had to be loaded.
    ann.page.locator("#earlier").scroll_into_view_if_needed()
    expect(ann.said("Line 60")).to_be_attached()
    ann.said("Line 60").evaluate("row => row.scrollIntoView({ block: 'start' })")
    expect(ann.said("Line 60")).to_be_in_viewport()
    go(ann, one, "Plans")
    ann.page.go_back()
    arrives(ann, other, "Lunch")
    expect(ann.said("Line 60")).to_be_in_viewport()
    expect(ann.said("Line 149")).not_to_be_in_viewport()
    ann.page.go_back()
    arrives(ann, one, "Plans")
    ann.page.go_forward()
    arrives(ann, other, "Lunch")
    expect(ann.said("Line 60")).to_be_in_viewport()


def test_an_encrypted_room_opens_and_leaves_no_key_behind(two_rooms):
    ann, one, other = two_rooms
    secret = ann.api.create_room("Secrets", encrypted=True)
    ann.page.goto(f"/rooms/{secret}")
    key = ann.new_invitation().partition("#k=")[2]
    ann.write("between us")
    ann.hears("between us")
    go(ann, other, "Lunch")
    mark(ann)
    ann.write("plain words")
    ann.hears("plain words")
    go(ann, secret, "Secrets")
    ann.hears("between us")
    ann.write("as before")
    ann.hears("as before")
    sealed = [message["message"] for message in ann.api.history(secret)]
    assert all(text.startswith("maru3.") for text in sealed) and len(sealed) == 2
    # A link with the key, followed from another room.
    go(ann, one, "Plans")
    ann.page.evaluate(
        "href => { const made = document.createElement('a'); made.href = href; "
        "document.querySelector('main').append(made); made.click(); }",
        f"/rooms/{secret}#k={key}",
    )
    arrives(ann, secret, "Secrets")
    ann.hears("as before")
    assert key not in ann.page.evaluate("JSON.stringify(history.state) + location.href")
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.get_by_role("button", name="Copy the invite link").click()
    assert is_marked(ann)


def test_a_key_that_was_made_just_now_is_not_lost_by_going_back(two_rooms):
    ann, _, _ = two_rooms
    secret = ann.api.create_room("Secrets", encrypted=True)
    link(ann, secret).click()
    field = ann.page.locator("#new-invite")
    invitation = field.input_value()
    assert f"/rooms/{secret}#k=" in invitation
    ann.page.go_back()
    expect(ann.page.locator("#room-name bdi")).to_have_text("Plans")
    expect(field).to_have_value(invitation)
    ann.new_invitation()
    ann.write("Not in here")
    ann.hears("Not in here")
    go(ann, secret, "Secrets")
    expect(ann.composer).to_be_enabled()
