"""People, each with a browser."""

import re

from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, expect

from tests.live.cluster import PASSWORD, Maru
from tests.waiting import eventually

#: Milliseconds that anything on a page may take on a busy machine.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}


class Person:
    """Somebody at a browser of their own, who remembers what its console complained of."""

    def __init__(self, maru: Maru, browser: Browser, name: str, url: str = "", **options):
        self.maru = maru
        self.name = name
        self.complaints: list[str] = []
        self.context = browser.new_context(
            base_url=url or maru.url,
            **{"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Asia/Seoul", **options},
        )
        self.context.set_default_timeout(PATIENCE)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: line.type == "error" and self._complain(_told(line)))
        return page

    def close(self) -> None:
        """Close all pages. Chromium may never close one that is on its way to another address
        (crbug.com/536385539), so each goes to an empty page first."""
        for page in self.context.pages:
            eventually(lambda page=page: _is_emptied(page))
        self.context.close()

    def forget_refused(self, path: str) -> None:
        """A page may ask for what is taken away at that moment; it need not have asked."""
        self.complaints = [each for each in self.complaints if not each.endswith(path)]

    def _complain(self, text: str) -> None:
        # What a browser says of a request that it could not make is no fault of the page.
        if "net::ERR" not in text and "WebSocket connection" not in text:
            self.complaints.append(text)

    def log_in(self) -> "Person":
        form = self.context.request.get("/login").text()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
        fields = {"csrf_token": token, "name": self.name, "password": PASSWORD}
        self.context.request.post("/login", form=fields)
        return self

    def enter(self, room_id: str, page: Page | None = None) -> None:
        """Open the room and wait until the page is in it."""
        page = page or self.page
        page.goto(f"/rooms/{room_id}")
        expect(self.count(page)).not_to_have_text("0", timeout=PATIENCE)
        expect(page.locator(f'#people-list [data-name="{self.name}"]')).to_be_attached(
            timeout=PATIENCE
        )

    def count(self, page: Page | None = None) -> Locator:
        return (page or self.page).locator("[data-count]").first

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer-text")

    def write(self, text: str) -> None:
        self.composer.fill(text)
        if self.page.evaluate("matchMedia('(pointer: coarse)').matches"):
            self.page.locator("#composer .send").click()
        else:
            self.composer.press("Enter")

    def new_invitation(self) -> str:
        """The link that is handed to whoever has just opened an encrypted room."""
        link = self.page.locator("#new-invite").input_value()
        self.page.get_by_role("button", name="Copy the invite link").click()
        self.page.get_by_role("button", name="I have kept it").click()
        return link

    def said(self, text: str) -> Locator:
        """The rows of the conversation with exactly this text that are stored for good."""
        exactly = re.compile(f"^{re.escape(text)}$")
        return self.page.locator("#timeline .message").filter(
            has=self.page.locator(".message-text", has_text=exactly)
        )

    def hears(self, text: str) -> None:
        expect(self.said(text)).to_have_count(1, timeout=PATIENCE)

    def is_told(self, text: str) -> None:
        """A line between the messages says this, once."""
        told = self.page.locator("#timeline .announcement").filter(has_text=text)
        expect(told).to_have_count(1, timeout=PATIENCE)

    def texts(self) -> list[str]:
        return self.page.locator("#timeline .message-text").all_inner_texts()

    def announcements(self) -> str:
        return " ".join(self.page.locator("#timeline .announcement").all_inner_texts())


def _told(line: ConsoleMessage) -> str:
    """What the console says, and of which address."""
    return f"{line.text} {line.location['url']}"


def _is_emptied(page: Page) -> bool:
    try:
        page.goto("about:blank")
    except Error:
        # A script of the page has begun another navigation just then.
        return page.is_closed()
    return True
