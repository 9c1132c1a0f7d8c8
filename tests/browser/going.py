"""Going from room to room."""

import re

from playwright.sync_api import expect

from tests.waiting import eventually


def link(person, room_id):
    return person.page.locator(f'.room-link[data-room-id="{room_id}"] a')


def go(person, room_id, name):
    link(person, room_id).click()
    arrives(person, room_id, name)


def arrives(person, room_id, name):
    """The page shows the room, and the connection is in it."""
    expect(person.page).to_have_url(f"{person.maru.url}/rooms/{room_id}")
    expect(person.page.locator("#room-name bdi")).to_have_text(name)
    # Something may be unread in another room.
    expect(person.page).to_have_title(re.compile(rf"^(\(\d+\) )?{re.escape(name)} · Maru$"))
    expect(person.page.locator(".connection")).to_have_attribute("data-link", "online")


def listens(person, path):
    """Open a page other than a room's, and wait until what happens to the person is told there."""
    heard = []
    person.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))),
    )
    person.page.goto(path)
    # Until the connection stands, which Socket.IO says by a 40, nobody is told.
    eventually(lambda: person.page.title() and any(frame.startswith("40") for frame in heard))


def mark(person):
    """Put something into the page that does not outlive it."""
    person.page.evaluate("window.isThisPage = true")


def is_marked(person):
    return person.page.evaluate("window.isThisPage === true")


def hold(page, address):
    """Requests for this address wait: a function that waits for the first, and gives its route."""
    routes = []
    page.route(address, lambda route: routes.append(route))
    # What the browser tells arrives while it is asked something; a page on its way does not answer.
    return lambda: eventually(lambda: page.context.cookies() is not None and routes)[0]
