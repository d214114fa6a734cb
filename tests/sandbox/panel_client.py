"""Owns a caller of the panel emulator for its tests; must not soften what the panel answers."""

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession
from multidict import CIMultiDictProxy

Json = dict[str, Any]
PASSWORD = "secret"
USER: Json = {"username": "tg_1_1", "proxies": {"vless": {}, "vmess": {}}, "inbounds": {}}


@dataclass
class Answer:
    """What came back: body is JSON where it was, else text."""

    status: int
    headers: CIMultiDictProxy[str]
    body: Any


@dataclass
class Caller:
    """An HTTP client with an admin's token; the port is for who speaks to the server by hand."""

    http: ClientSession
    port: int = 0
    token: str = ""

    async def login(self, username: str = "admin", password: str = PASSWORD) -> Answer:
        """Log in and keep the token."""
        async with self.http.post("/api/admin/token", data={"username": username, "password": password}) as raw:
            answer = Answer(raw.status, raw.headers, await raw.json())
        self.token = answer.body.get("access_token", self.token)
        return answer

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Call with the token and return whatever came."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and not path.startswith(("/sub/", "/sim/")):
            named["Authorization"] = f"Bearer {self.token}"
        async with self.http.request(method, path, json=body, headers=named, allow_redirects=False) as raw:
            json_body = raw.content_type == "application/json"
            return Answer(raw.status, raw.headers, await raw.json() if json_body else await raw.text())

    async def ok(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Call, insist on a 200 and return the body."""
        answer = await self.call(method, path, body, **headers)
        assert answer.status == 200, answer
        return answer.body
