"""The focus stays in sight when what one may do in a room changes, or who is in it."""

from playwright.sync_api import expect

from tests.browser.test_roles import choose, open_card


def archive(owner, room_id, archived):
    answer = owner.api.request("PATCH", f"/api/rooms/{room_id}", json={"archived": archived})
    assert answer.ok


def test_who_is_muted_while_writing_goes_on_where_it_was(two):
    ann, ben, _ = two
    ben.composer.fill("half a thought")
    open_card(ann, ben)
    choose(ann, "Mute for an hour")
    expect(ben.page.locator("#read-only")).to_be_focused()
    choose(ann, "Let them write again")
    expect(ben.composer).to_be_focused()
    ben.page.keyboard.type(", and the other")
    expect(ben.composer).to_have_value("half a thought, and the other")


def test_an_archived_room_takes_no_focus_away(two):
    ann, ben, room_id = two
    ben.composer.focus()
    archive(ann, room_id, True)
    expect(ben.page.locator("#read-only")).to_be_focused()
    archive(ann, room_id, False)
    expect(ben.composer).to_be_focused()
    archive(ann, room_id, True)
    expect(ben.page.locator("#read-only")).to_be_focused()
    # Who has gone elsewhere meanwhile stays there.
    ben.page.get_by_role("link", name="About this room").focus()
    archive(ann, room_id, False)
    expect(ben.composer).to_be_enabled()
    expect(ben.page.get_by_role("link", name="About this room")).to_be_focused()


def test_who_bans_somebody_from_the_people_here_goes_on_among_them(two):
    ann, ben, _ = two
    row = ann.page.locator(f'#people-list [data-name="{ben.name}"] a')
    row.press("Enter")
    expect(ann.page.locator("#person")).to_be_visible()
    choose(ann, "Ban…")
    ann.page.locator("#ban-member").get_by_role("button", name="Ban", exact=True).press("Enter")
    expect(row).to_have_count(0)
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator("#person")).not_to_be_visible()
    expect(ann.page.locator("#people-list")).to_be_focused()


def test_the_row_of_who_comes_and_goes_takes_no_focus_away(two):
    ann, ben, _ = two
    own = ann.page.locator(f'#people-list [data-name="{ann.name}"] a')
    own.focus()
    ben.page.locator("#leave").click()
    expect(ben.page.locator("#room-list")).to_be_visible()
    expect(ben.page.locator("#conversation")).to_have_count(0)
    expect(ann.page.locator(f'#people-list [data-name="{ben.name}"]')).to_have_count(0)
    expect(own).to_be_focused()


def test_who_lifts_a_ban_goes_on_in_the_dialog_about_the_room(two):
    ann, ben, room_id = two
    ann.api.request("PUT", f"/api/rooms/{room_id}/bans/{ben.api.user_id}")
    expect(ben.page.get_by_role("heading", name="You are banned from this room.")).to_be_focused()
    panel = ben.page.locator(".blocking-panel")
    expect(panel.get_by_role("link", name="To the rooms")).to_be_visible()
    # A field in which nobody can write is not shown.
    expect(ben.composer).to_be_hidden()
    ann.page.locator("header [data-open-dialog=about]").first.click()
    ann.page.locator(f'#members-part [data-name="{ben.name}"] a').press("Enter")
    expect(ann.page.locator("#person")).to_be_visible()
    choose(ann, "Lift the ban")
    expect(ann.page.locator(f'#members-part [data-name="{ben.name}"]')).to_have_count(0)
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator("#person")).not_to_be_visible()
    expect(ann.page.locator("#about [data-close-dialog]")).to_be_focused()


def test_all_members_are_shown_with_the_focus_in_sight(at_browser):
    ann = at_browser("ann", viewport={"width": 1440, "height": 500})
    ann.enter(ann.api.create_room("Plans"))
    ann.page.get_by_role("link", name="All members").click()
    expect(ann.page.locator("#members-title")).to_be_focused()
    expect(ann.page.locator("#members-title")).to_be_in_viewport(ratio=1)
    expect(ann.page.locator("#members .person").first).to_be_visible()


def test_a_question_names_the_person_and_so_does_the_card(two):
    ann, ben, _ = two
    open_card(ann, ben)
    card = ann.page.get_by_role("dialog", name=f"{ben.name} In this room", exact=True)
    expect(card).to_be_visible()
    # A long name stands there once.
    expect(card.locator("h2")).to_have_text("In this room")
    for words, question in (
        ("Remove…", f"Remove {ben.name} from this room?"),
        ("Ban…", f"Ban {ben.name} from this room?"),
        ("Pass ownership on…", f"Pass the room on to {ben.name}?"),
    ):
        choose(ann, words)
        asked = ann.page.get_by_role("dialog", name=question)
        expect(asked).to_be_visible()
        ann.page.keyboard.press("Escape")
        expect(asked).to_have_count(0)


def test_who_was_removed_reads_so_until_he_or_she_goes_on(two):
    ann, ben, room_id = two
    ben.page.clock.install()
    ben.page.reload()
    expect(ben.page.locator(".connection")).to_have_attribute("data-link", "online")
    ann.api.request("DELETE", f"/api/rooms/{room_id}/members/{ben.api.user_id}")
    told = ben.page.get_by_role("heading", name="You were removed from this room.")
    expect(told).to_be_focused()
    # No timer that leads away is set: the page's clock is put forward.
    ben.page.clock.run_for(60_000)
    expect(told).to_be_visible()
    ben.page.locator(".blocking-panel").get_by_role("link", name="To the rooms").click()
    expect(ben.page).to_have_url(f"{ben.maru.url}/rooms")
