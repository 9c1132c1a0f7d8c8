"""What a real browser, Debian's Chromium, sees of a room: how soon, how many bytes, how steady."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.pages.dataset import Dataset
from benchmarks.setup import require

#: Milliseconds that anything may take before the measurement is given up.
TIMEOUT_MS = 30_000
DESKTOP = {"width": 1440, "height": 900}
#: Runs in each page before its own scripts. A click is timed by the browser's own time stamp; a
#: room is readable when its name and messages have been painted. What is noted outlives the page.
WATCH = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const name = () => document.querySelector('#room-name bdi')?.textContent;
  const isThere = () => name() === sessionStorage.wanted
    && document.querySelector('#timeline .message');
  function look() {
    if (!sessionStorage.clicked || sessionStorage.readable) return;
    if (!isThere()) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => { sessionStorage.readable = now(); }));
  }
  addEventListener('click', (event) => {
    const row = event.target.closest('.room-link');
    if (!row) return;
    sessionStorage.wanted = row.querySelector('.room-name').textContent;
    sessionStorage.removeItem('readable');
    sessionStorage.clicked = performance.timeOrigin + event.timeStamp;
    look();
  }, true);
  look();
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
  }).observe({ type: 'layout-shift', buffered: true });
})();
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass
class FirstLoad:
    """``wire`` is in bytes with headers, for each address that was asked for over the network;
    ``paint_ms`` is until the first text or picture; ``shift`` has no unit."""

    wire: dict[str, int] = field(default_factory=dict)
    paint_ms: float = 0.0
    shift: float = 0.0


@contextmanager
def browser() -> Iterator[Browser]:
    program = require("chromium", ["chromium", "fonts-noto-cjk", "fonts-noto-color-emoji"])
    with sync_playwright() as playwright:
        # Nothing but the pages may speak over the network.
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        chromium = playwright.chromium.launch(executable_path=program, args=quiet)
        yield chromium
        chromium.close()


def first_load(chromium: Browser, dataset: Dataset) -> FirstLoad:
    """The full room, in a browser that has never been here."""
    loaded, addresses = FirstLoad(), {}
    with _logged_in(chromium, dataset) as context:
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")

        def asked(event: dict) -> None:
            addresses[event["requestId"]] = event.get("url") or event["request"]["url"]

        def done(event: dict) -> None:
            if event["encodedDataLength"]:
                address = addresses[event["requestId"]]
                loaded.wire[address] = loaded.wire.get(address, 0) + event["encodedDataLength"]

        network.on("Network.requestWillBeSent", asked)
        network.on("Network.webSocketCreated", lambda event: loaded.wire.update({event["url"]: 0}))
        network.on("Network.loadingFinished", done)
        page.goto(f"/rooms/{dataset.full}")
        _wait_until_joined(page, dataset)
        page.wait_for_load_state("networkidle")
        loaded.paint_ms = page.evaluate(FIRST_PAINT)
        loaded.shift = page.evaluate("window.shifted")
    return loaded


def clicks(chromium: Browser, dataset: Dataset, number: int) -> tuple[list[float], list[float]]:
    """Milliseconds from a click to a readable room: into the full one, and out of it."""
    into, out_of = [], []
    with _logged_in(chromium, dataset) as context:
        page = context.new_page()
        page.goto(f"/rooms/{dataset.other}")
        _wait_until_joined(page, dataset)
        for _ in range(number):
            for room, took in ((dataset.full, into), (dataset.other, out_of)):
                page.locator(f'.room-link[data-room-id="{room}"] a').click()
                page.wait_for_function("() => sessionStorage.readable")
                took.append(page.evaluate("sessionStorage.readable - sessionStorage.clicked"))
                # The next click comes from a room that is joined and quiet.
                _wait_until_joined(page, dataset)
    return into, out_of


@contextmanager
def _logged_in(chromium: Browser, dataset: Dataset) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=dataset.url, viewport=DESKTOP, locale="en-GB")
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(WATCH)
    form = context.request.get("/login").text()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert found, form
    fields = {"csrf_token": found[1], "name": dataset.name, "password": dataset.password}
    context.request.post("/login", form=fields)
    try:
        yield context
    finally:
        context.close()


def _wait_until_joined(page, dataset: Dataset) -> None:
    page.locator('.connection[data-link="online"]').wait_for(state="attached")
    page.locator(f'#people-list [data-name="{dataset.name}"]').wait_for(state="attached")
