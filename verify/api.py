"""The HTTP API, as programs use it."""

import asyncio
from typing import Any

import requests

PASSWORD = "correct horse"
#: Seconds that a call may take. The product gives up on its store sooner.
PATIENCE = 12


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
            timeout=PATIENCE,
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
    """An account, with the newest token that all its pages share."""

    def __init__(self, name: str, api: Api) -> None:
        self.name = name
        self.api = api
        self.token = ""
        self._refresh = ""
        self._renewing = asyncio.Lock()

    async def register(self) -> None:
        await self.api.post("/api/register", name=self.name, password=PASSWORD)
        answer = await self.api.post("/api/token", name=self.name, password=PASSWORD)
        self.token, self._refresh = answer["accessToken"], answer["refreshToken"]

    async def get(self, path: str, **query: Any) -> Any:
        """Raises ``OSError``."""
        used = self.token
        try:
            return await self.api.get(path, used, **query)
        except OSError:
            await self.renew(used)
            return await self.api.get(path, self.token, **query)

    async def renew(self, used: str) -> None:
        """Get a new token in place of this one, unless another page has. Raises ``OSError``."""
        async with self._renewing:
            if self.token == used:
                answer = await self.api.post("/api/token/refresh", self._refresh)
                self.token = answer["accessToken"]
