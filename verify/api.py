"""The HTTP API, as programs use it."""

import asyncio
import contextlib
from collections.abc import Collection
from typing import Any

import requests

PASSWORD = "correct horse"
#: Seconds that a call may take. Maru gives up on its store sooner.
CALL_TIMEOUT_S = 12
#: Seconds between two attempts of a call that has to succeed.
RETRY_S = 0.3
#: Refusals that are no answer to a call: the token, the pace, a moment in which something is away.
PASSING_STATUSES = (401, 408, 429)


class Api:
    """Calls run in threads, so that clients go on meanwhile. Raise ``OSError`` when it fails."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.url = f"http://{address[0]}:{address[1]}"

    async def request(
        self, method: str, path: str, token: str = "", **options: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await asyncio.to_thread(
            requests.request,
            method,
            self.url + path,
            headers={**headers, "Connection": "close"},
            timeout=CALL_TIMEOUT_S,
            **options,
        )

    async def get(self, path: str, token: str, **query: Any) -> Any:
        answer = await self.request("GET", path, token, params=query)
        if answer.status_code != 200:
            raise OSError(f"GET {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()

    async def post(self, path: str, token: str = "", **body: Any) -> Any:
        answer = await self.request("POST", path, token, json=body)
        if answer.status_code not in (200, 201):
            raise OSError(f"POST {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()


class Person:
    """An account, with the newest token that all its pages share.

    ``label`` is its first name, by which reports call it; ``name`` is the one that it took last.
    """

    def __init__(self, name: str, api: Api) -> None:
        self.label = self.name = name
        self.user_id = ""
        self.api = api
        self.token = ""
        self._refresh = ""
        self._renewing = asyncio.Lock()

    async def register(self) -> None:
        await self.api.post("/api/register", name=self.name, password=PASSWORD)
        answer = await self.api.post("/api/token", name=self.name, password=PASSWORD)
        self.user_id = answer["userId"]
        self.token, self._refresh = answer["accessToken"], answer["refreshToken"]

    async def get(self, path: str, **query: Any) -> Any:
        """Raises ``OSError``."""
        used = self.token
        try:
            return await self.api.get(path, used, **query)
        except OSError:
            await self.renew(used)
            return await self.api.get(path, self.token, **query)

    async def call_until_answered(
        self, method: str, path: str, accepted: Collection[int] = (200, 201, 204), **body: Any
    ) -> Any:
        """Call again and again until the answer is one of those; gives its JSON.

        Raises ``OSError`` where it is refused for good.
        """
        while True:
            used = self.token
            with contextlib.suppress(OSError):
                answer = await self.api.request(method, path, used, json=body)
                status = answer.status_code
                if status in accepted:
                    return answer.json() if answer.content else None
                if status == 401:
                    await self.renew(used)
                elif 400 <= status < 500 and status not in PASSING_STATUSES:
                    break
            await asyncio.sleep(RETRY_S)
        raise OSError(f"{method} {path} of {self.label}: {status} {answer.text[:200]}")

    async def renew(self, used: str) -> None:
        """Get a new token in place of this one, unless another page has. Raises ``OSError``."""
        async with self._renewing:
            if self.token == used:
                answer = await self.api.post("/api/token/refresh", self._refresh)
                self.token = answer["accessToken"]
