"""Who may do what in a room: seen by all, changed by those who may, and true without a reload."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE

FINGER = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


def open_card(person, other):
    """In the list of members, the card of one of them."""
    person.page.locator("header [data-open-dialog=about]").first.click()
    person.page.locator(f'#members-part [data-name="{other.name}"] a').click()
    expect(person.page.locator("#person")).to_be_visible()


def choose(person, words):
    person.page.locator("#person").get_by_role("button", name=words, exact=True).click()


def mark(person, other):
    return person.page.locator(f'#people-list [data-name="{other.name}"] .hint')


def test_the_owner_makes_a_moderator_and_both_pages_know_it_at_once(two):
    ann, ben, _ = two
    expect(mark(ben, ann)).to_have_text("owner")
    ben.page.locator("header [data-open-dialog=about]").first.click()
    expect(ben.page.locator("#rename")).not_to_be_visible()
    open_card(ann, ben)
    choose(ann, "Make moderator")
    expect(ann.page.locator("#person-told")).to_have_text(f"{ben.name} is a moderator now.")
    expect(mark(ann, ben)).to_have_text("moderator")
    expect(mark(ben, ben)).to_have_text("you · moderator")
    # What is offered changes with the role, without a reload.
    expect(ben.page.locator("#rename")).to_be_visible()
    choose(ann, "Make plain member")
    expect(ben.page.locator("#rename")).not_to_be_visible()
    expect(mark(ann, ben)).to_be_hidden()


def test_the_room_is_passed_on_after_a_question(two):
    ann, ben, _ = two
    open_card(ann, ben)
    choose(ann, "Pass ownership on…")
    asked = ann.page.locator("#pass-on")
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    asked.get_by_role("button", name="Pass it on").click()
    expect(mark(ben, ben)).to_have_text("you · owner")
    expect(mark(ben, ann)).to_have_text("moderator")
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator("#about [data-open-dialog=delete]")).not_to_be_visible()


def test_who_is_muted_is_told_until_when_and_may_write_again(two):
    ann, ben, _ = two
    ben.composer.fill("half a thought")
    open_card(ann, ben)
    choose(ann, "Mute for an hour")
    expect(mark(ann, ben)).to_have_text("muted")
    expect(ben.page.locator("#read-only")).to_contain_text("You are muted here until")
    expect(ben.composer).to_be_disabled()
    expect(ben.composer).to_have_value("half a thought")
    ben.page.reload()
    expect(ben.page.locator("#read-only")).to_contain_text("You are muted here until")
    choose(ann, "Let them write again")
    expect(ben.composer).to_be_enabled()
    expect(ben.page.locator("#read-only")).to_be_hidden()
    ben.write("the other half")
    ann.hears("the other half")


@pytest.mark.parametrize("screen", [{}, FINGER], ids=["wide", "phone"])
def test_who_is_banned_is_out_and_comes_back_when_the_ban_is_lifted(at_browser, screen):
    ann, ben = at_browser("ann", **screen), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    # A page with something to keep does not go on by itself.
    ben.composer.fill("half a thought")
    open_card(ann, ben)
    choose(ann, "Ban…")
    ann.page.locator("#ban-member").get_by_role("button", name="Ban", exact=True).click()
    expect(ben.page.locator(".blocking-panel")).to_contain_text("You are banned from this room.")
    expect(ann.page.locator("#members")).not_to_contain_text(ben.name)
    choose(ann, "Lift the ban")
    expect(ann.page.locator("#person-told")).to_have_text(f"{ben.name} is not banned any more.")
    expect(ann.page.locator("#banned-title")).to_have_count(0)
    ben.page.goto("/rooms")
    ben.enter(room_id)


def test_the_card_of_a_person_opens_by_keyboard_from_the_people_column(two):
    ann, ben, _ = two
    link = ann.page.locator(f'#people-list [data-name="{ben.name}"] a')
    link.focus()
    ann.page.keyboard.press("Enter")
    card = ann.page.locator("#person")
    expect(card).to_be_visible()
    expect(card).to_contain_text(ben.name)
    ann.page.keyboard.press("Escape")
    expect(card).not_to_be_visible()
    expect(link).to_be_focused()


def test_the_card_of_a_person_opens_over_the_sheet_of_people_on_a_phone(at_browser):
    ann, ben = at_browser("ann", **FINGER), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    ann.page.locator("[data-open-sheet=people]").tap()
    ann.page.locator(f'#people-list [data-name="{ben.name}"] a').tap()
    ann.page.locator("#person").get_by_role("button", name="Make moderator").tap()
    expect(ann.page.locator("#person-told")).to_have_text(f"{ben.name} is a moderator now.")
    ann.page.locator("#person [data-close-dialog]").tap()
    expect(mark(ann, ben)).to_have_text("moderator")
    expect(ann.page.locator("#people")).to_have_attribute("role", "dialog")


def test_roles_are_changed_without_script_too(at_browser):
    ann, ben = at_browser("ann", java_script_enabled=False), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ben.enter(room_id)
    ann.page.goto(f"/rooms/{room_id}")
    ann.page.get_by_role("link", name="All members").first.click()
    ann.page.get_by_role("link", name=ben.name).click()
    ann.page.get_by_role("button", name="Make moderator").click()
    row = ann.page.locator(f'#members [data-name="{ben.name}"]')
    expect(row.locator(".hint")).to_have_text("moderator")


def test_a_description_and_an_archived_room_are_told_at_once(two):
    ann, ben, _ = two
    ann.page.locator("header [data-open-dialog=about]").first.click()
    ann.page.locator("#describe").fill("What we plan")
    ann.page.locator("#describe").press("Enter")
    expect(ben.page.locator("#description")).to_have_text("What we plan")
    ann.page.get_by_role("button", name="Archive this room").click()
    for person in (ann, ben):
        expect(person.page.locator("#read-only")).to_contain_text("This room is archived")
        expect(person.composer).to_be_disabled()
    ann.page.get_by_role("button", name="Open it for writing again").click()
    ann.page.keyboard.press("Escape")
    expect(ben.composer).to_be_enabled()
    ben.write("at last")
    ann.hears("at last")


def test_the_members_of_a_large_room_come_page_by_page(at_browser, maru):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    others = [maru.register_some("member") for _ in range(52)]
    for other in others:
        path = f"/api/rooms/{room_id}/members/{other.user_id}"
        assert ann.api.request("PUT", path).status_code == 204
    ann.enter(room_id)
    ann.page.locator("header [data-open-dialog=about]").first.click()
    rows = ann.page.locator("#members > .person")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("owner")
    ann.page.get_by_role("link", name="More members").click()
    expect(rows).to_have_count(53)
    expect(ann.page.get_by_role("link", name="More members")).to_have_count(0)


def test_words_are_there_in_korean(at_browser):
    ann, ben = at_browser("ann", locale="ko-KR"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    ben.enter(room_id)
    open_card(ann, ben)
    words = ann.page.locator("#person").inner_text()
    assert re.search("[가-힣]", words)
    assert not re.search("moderator|Mute|Remove|Ban", words)


def test_what_has_changed_while_there_was_no_connection_is_known_after_it(behind_cable):
    ann, ben, cable, room_id = behind_cable
    ann.page.locator("[data-open-dialog=about]").first.click()
    expect(ann.page.locator("#members > .person")).to_have_count(3)
    expect(ann.page.locator("#rename")).not_to_be_visible()
    cable.pull()
    expect(ann.page.locator(".connection")).to_contain_text("trying again")
    path = f"/api/rooms/{room_id}/members/{ann.api.user_id}"
    made = ben.maru.admin.request("PUT", path, json={"role": "moderator"})
    assert made.status_code == 204
    cable.plug_in()
    expect(ann.page.locator("#rename")).to_be_visible()


def test_in_the_next_room_one_may_do_what_one_may_do_there(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    mine, other = ann.api.create_room("Plans"), ben.api.create_room("Garden")
    path = f"/api/rooms/{other}/members/{ann.api.user_id}"
    assert ben.api.request("PUT", path).status_code == 204
    ben.enter(other)
    ann.enter(mine)
    for room_id, count, may in ((other, 2, False), (mine, 1, True)):
        ann.page.locator(f'#room-list [data-room-id="{room_id}"] a').click()
        expect(ann.page.locator(f'form[action^="/rooms/{room_id}/"]').first).to_be_attached()
        ann.page.locator(".conversation-head [data-open-dialog=about]").click()
        expect(ann.page.locator("#members > .person")).to_have_count(count)
        expect(ann.page.locator("#rename")).to_be_visible(visible=may)
        ann.page.keyboard.press("Escape")
    ann.page.locator(f'#room-list [data-room-id="{other}"] a').click()
    ann.page.locator(f'#people-list [data-name="{ben.name}"] a').click()
    expect(ann.page.locator("#person")).to_contain_text("Owner")


def test_a_member_reads_the_whole_description_and_no_line_above_nothing(two):
    ann, ben, room_id = two
    words = "What we do together, from the autumn catalogue to lunch. " * 8
    ben.page.locator("[data-open-dialog=about]").first.click()
    about = ben.page.locator("#about")
    whole = about.locator("#about-description")
    expect(whole).to_be_hidden()
    ann.api.request("PATCH", f"/api/rooms/{room_id}", json={"description": words})
    for _ in range(2):
        expect(whole).to_have_text(words.strip())
        assert whole.evaluate("words => words.scrollHeight <= words.clientHeight + 1")
        # A plain member can end nothing: the part about that is not there.
        expect(about.locator(".ends")).to_be_hidden()
        ben.page.reload()
        ben.page.locator("[data-open-dialog=about]").first.click()
