"""An invitation to an encrypted room leads into that room with its key, by every kind of log-in."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE, Person
from tests.live.cluster import PASSWORD, Maru

SCREENS = [{}, {"viewport": PHONE, "has_touch": True}, {"locale": "ko-KR"}]


@pytest.fixture
def invited(at_browser):
    """``ann, path, words = invited``: an address with the key, and what can be read with it."""
    ann = at_browser("ann")
    room_id = ann.api.create_room("Secrets", encrypted=True)
    ann.page.goto(f"/rooms/{room_id}")
    link = ann.new_invitation()
    ann.write("between us")
    ann.hears("between us")
    return ann, link[link.index("/rooms/") :], "between us"


@pytest.fixture
def stranger(maru, browser):
    people = []

    def come(name, **options):
        person = Person(maru, browser, name, **options)
        people.append(person)
        return person

    yield come
    for person in people:
        person.close()
        assert [text for text in person.complaints if "status of 4" not in text] == []


def fill(person, name, password=PASSWORD):
    person.page.locator("input[name=name]").fill(name)
    person.page.locator("input[name=password]").fill(password)
    person.page.locator("input[name=password]").press("Enter")


def arrives(person, path, words):
    expect(person.page).to_have_url(re.compile(re.escape(path.partition("#")[0]) + "(#.*)?$"))
    person.hears(words)
    expect(person.page).not_to_have_url(re.compile("#k="))


@pytest.mark.parametrize(
    "options", [{}, {"viewport": PHONE, "has_touch": True}, {"locale": "ko-KR"}]
)
def test_who_logs_in_comes_into_the_room_with_its_key(invited, stranger, maru, options):
    _, path, words = invited
    ben = stranger(maru.register_some("ben").name, **options)
    ben.page.goto(path)
    expect(ben.page).to_have_url(re.compile("/login"))
    fill(ben, ben.name, "a wrong password")
    expect(ben.page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    fill(ben, ben.name)
    arrives(ben, path, words)


@pytest.mark.parametrize(
    "options", [{}, {"viewport": PHONE, "has_touch": True}, {"locale": "ko-KR"}]
)
def test_who_registers_comes_into_the_room_with_its_key(invited, stranger, options):
    _, path, words = invited
    ben = stranger(f"newcomer-{len(options)}-{options.get('locale', 'en')[:2]}", **options)
    ben.page.goto(path)
    ben.page.locator("main a[href*=register]").click()
    expect(ben.page).to_have_url(re.compile("/register"))
    fill(ben, ben.name, "short")
    expect(ben.page.get_by_role("alert").or_(ben.page.locator(".error"))).not_to_have_count(0)
    fill(ben, ben.name)
    arrives(ben, path, words)


def test_to_and_fro_between_the_doors_and_the_languages_nothing_is_lost(invited, stranger, maru):
    _, path, words = invited
    ben = stranger(maru.register_some("ben").name)
    ben.page.goto(path)
    ben.page.get_by_role("button", name="한국어").click()
    expect(ben.page.locator("html")).to_have_attribute("lang", "ko")
    ben.page.locator("main a[href*=register]").click()
    expect(ben.page).to_have_url(re.compile("/register"))
    ben.page.get_by_role("button", name="English").click()
    ben.page.get_by_role("link", name="Log in").click()
    expect(ben.page).to_have_url(re.compile("/login"))
    fill(ben, ben.name, "a wrong password")
    expect(ben.page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    ben.page.get_by_role("button", name="한국어").click()
    expect(ben.page.locator("html")).to_have_attribute("lang", "ko")
    fill(ben, ben.name)
    arrives(ben, path, words)


def test_the_key_is_never_sent_to_the_server(invited, stranger, maru):
    _, path, words = invited
    ben = stranger(maru.register_some("ben").name)
    key = path.partition("#k=")[2]
    sent = []
    ben.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    ben.page.goto(path)
    fill(ben, ben.name)
    arrives(ben, path, words)
    # Playwright tells addresses with their fragments, which no browser sends.
    assert not [request for request in sent if key in re.sub(r"#k=[\w-]+", "", request)]
    assert key not in maru.log.read_text()


def test_an_ordinary_room_is_found_behind_the_registration_too(at_browser, stranger):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    cat = stranger("newcomer-plain")
    cat.page.goto(f"/rooms/{room_id}")
    cat.page.get_by_role("link", name="Make an account").click()
    expect(cat.page).to_have_url(re.compile("/register"))
    fill(cat, cat.name)
    expect(cat.page).to_have_url(f"{cat.maru.url}/rooms/{room_id}")


def test_registration_leads_to_no_other_site(stranger):
    cat = stranger("newcomer-safe")
    cat.page.goto("/register?next=//evil.example/")
    fill(cat, cat.name)
    expect(cat.page).to_have_url(f"{cat.maru.url}/rooms")


def test_who_may_not_see_the_room_keeps_nothing_of_it(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Secrets", encrypted=True, private=True)
    ann.page.goto(f"/rooms/{room_id}")
    link = ann.new_invitation()
    ann.write("between us")
    ann.hears("between us")
    assert ben.page.goto(link).status == 404
    assert link.partition("#k=")[2] not in str(ben.page.evaluate("({ ...localStorage })"))
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    ben.page.reload()
    ben.hears("between us")
    ben.complaints.clear()  # of the 404


def test_who_waits_for_approval_has_the_key_when_the_door_opens(tmp_path, browser):
    maru = Maru(tmp_path, REGISTRATION="approval")
    try:
        maru.start()
        ann = Person(maru, browser, maru.admin.name).log_in()
        room_id = maru.admin.create_room("Secrets", encrypted=True)
        ann.page.goto(f"/rooms/{room_id}")
        link = ann.new_invitation()
        ann.write("between us")
        ann.hears("between us")
        ben = Person(maru, browser, "newcomer")
        ben.page.goto(link)
        ben.page.get_by_role("link", name="Make an account").click()
        expect(ben.page).to_have_url(re.compile("/register"))
        fill(ben, ben.name)
        expect(ben.page.get_by_text("waits for approval")).to_be_visible(timeout=PATIENCE)
        expect(ben.page).not_to_have_url(re.compile("#"))
        maru.flask("set-role", ben.name, "user")
        ben.page.get_by_role("link", name="Look again").click()
        arrives(ben, f"/rooms/{room_id}", "between us")
        for person in (ann, ben):
            person.close()
    finally:
        maru.stop()
