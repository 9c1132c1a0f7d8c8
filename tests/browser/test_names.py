"""A new name is on open pages at once, wherever a person is shown."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE
from tests.live.cluster import PASSWORD


def rename(person, **fields):
    answer = person.api.request("PATCH", "/api/me", json=fields)
    assert answer.status_code == 200, answer.text


def test_a_display_name_is_shown_at_once_wherever_the_person_is(two):
    ann, ben, room_id = two
    ben.write("from ben")
    ann.hears("from ben")
    ann.api.request("PUT", f"/api/rooms/{room_id}/messages/1/reactions/🎉")
    ben.api.request("PUT", f"/api/rooms/{room_id}/messages/1/reactions/🎉")
    row = ann.said("from ben")
    expect(row.locator(".reaction")).to_contain_text("2")
    ben.composer.press_sequentially("more")
    expect(ann.page.locator("#typing")).to_contain_text(ben.name)
    row.hover()
    rename(ben, displayName="벤 Jamin")
    expect(row.locator(".sender bdi")).to_have_text("벤 Jamin")
    expect(row.locator(".reaction")).to_have_attribute("title", re.compile("벤 Jamin"))
    expect(row.locator(".actions-caption")).to_contain_text("벤 Jamin")
    expect(ann.page.locator("#people-list")).to_contain_text("벤 Jamin")
    expect(ann.page.locator("#timeline .announcement")).to_contain_text("벤 Jamin")
    ben.composer.press_sequentially(" and more")
    expect(ann.page.locator("#typing")).not_to_contain_text(ben.name)
    assert ben.name not in ann.page.locator("#people-list").inner_text()


def test_ones_own_name_is_new_on_ones_own_page(at_browser):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    ann.page.goto("/settings")
    other = ann.new_page()
    ann.enter(ann.api.create_room("Garden"), other)
    expect(other.locator(".rail-me")).to_contain_text(ann.name)
    ann.page.locator("input[name=display_name]").fill("Ann of Cleves")
    ann.page.locator("input[name=display_name]").press("Enter")
    expect(ann.page.locator(".who-name")).to_contain_text("Ann of Cleves")
    expect(other.locator(".rail-me bdi")).to_have_text("Ann of Cleves")
    expect(other.locator("#people-list")).to_contain_text("Ann of Cleves")
    other.locator("[data-open-dialog=about]").first.click()
    expect(other.locator("#about")).to_contain_text("The owner is Ann of Cleves")
    expect(other.locator("#members")).to_contain_text("Ann of Cleves")


def test_a_direct_room_is_called_as_the_other_is_called_now(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    asked = {"people": [ben.api.user_id]}
    direct = ann.api.request("POST", "/api/direct", json=asked).json()["roomId"]
    elsewhere = ann.api.create_room("Plans")
    ann.enter(elsewhere)
    row = ann.page.locator("#direct-list .room-name")
    expect(row).to_have_text(ben.name)
    rename(ben, displayName="Big Ben")
    expect(row).to_have_text("Big Ben")
    page = ann.new_page()
    ann.enter(direct, page)
    expect(page.locator("#room-name bdi")).to_have_text("Big Ben")
    rename(ben, displayName="Little Ben")
    expect(page.locator("#room-name bdi")).to_have_text("Little Ben")
    expect(page).to_have_title(re.compile("Little Ben"), timeout=PATIENCE)


def test_who_is_deactivated_is_shown_as_such(two, maru):
    ann, ben, _ = two
    ben.write("from ben")
    ann.hears("from ben")
    maru.flask("deactivate", ben.name)
    sender = ann.said("from ben").locator(".sender")
    expect(sender).to_have_class(re.compile("inactive"))
    expect(sender).to_contain_text("(deactivated)")
    ann.page.reload()
    expect(ann.said("from ben").locator(".sender")).to_contain_text("(deactivated)")


@pytest.mark.parametrize("locale, words", [("en-GB", "account deleted"), ("ko-KR", "삭제된 계정")])
def test_whose_account_is_deleted_is_shown_as_such_wherever_it_is_named(
    two, locale, words, at_browser
):
    _, ben, room_id = two
    cat = at_browser("cat", locale=locale)
    cat.enter(room_id)
    ben.write("from ben")
    cat.hears("from ben")
    ben.page.close()
    given = {"password": PASSWORD}
    assert ben.api.request("POST", "/api/me/delete", json=given).status_code == 204
    sender = cat.said("from ben").locator(".sender")
    for _ in range(2):
        expect(sender).to_have_text(f"{ben.name} ({words})")
        expect(sender).to_have_class(re.compile("inactive"))
        cat.page.reload()
