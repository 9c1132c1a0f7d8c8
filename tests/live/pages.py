"""The pages as a browser without scripts uses them: cookies, and forms with their CSRF tokens."""

import re

import requests

from tests.live.cluster import PASSWORD, Api


class Pages(requests.Session):
    """Somebody who is logged in."""

    def __init__(self, api: Api):
        super().__init__()
        self.api = api
        logged_in = self.submit("/login", name=api.name, password=PASSWORD)
        assert logged_in.status_code == 302, logged_in.text

    def submit(self, path: str, **fields: str) -> requests.Response:
        """Send a form, as the pages' own forms are sent."""
        page = self.get(self.api.url + "/settings", timeout=30).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page
        form = {"csrf_token": found[1], **fields}
        return self.post(self.api.url + path, data=form, allow_redirects=False, timeout=30)

    def token(self) -> str:
        """What the page's own script fetches."""
        answer = self.get(self.api.url + "/api/token", timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["accessToken"]
