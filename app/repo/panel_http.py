"""Owns one HTTP exchange with one panel and what its outcome means. Must not log in, repeat or interpret users."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from app.repo import panel_reach
from app.repo.panel_errors import (
    AmbiguousOutcome,
    PanelAuthFailed,
    PanelBadAnswer,
    PanelInvalid,
    PanelNotCalled,
    PanelUnavailable,
    PanelUserExists,
    PanelUserNotFound,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from app.services.records import PanelAccess

    # Pairs where a name comes more than once.
    Query = Mapping[str, str] | Sequence[tuple[str, str]]

IN_FLIGHT = 6
CONNECT_SECONDS = 5
NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `harmless` ones change nothing on the panel, so that their failure leaves no doubt."""

    method: str
    path: str
    params: Query | None = None
    body: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class PanelSession:
    """The pooled connections of one panel, and whether they may lead to addresses that are not public."""

    http: aiohttp.ClientSession
    allow_private: bool

    @classmethod
    def opened(cls, *, allow_private: bool) -> PanelSession:
        """A session without cookies; close it."""
        connector = panel_reach.connector(allow_private=allow_private, limit=IN_FLIGHT)
        return cls(aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()), allow_private)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unread."""

    status: int
    body: bytes = field(repr=False)


class PanelHttp:
    """Sends to one panel, at most six requests at once; more give a panel's single worker no more speed."""

    def __init__(self, access: PanelAccess, session: PanelSession, timeout_seconds: float) -> None:
        self.instance_id = access.instance_id
        self._door = Door(access, allow_private=session.allow_private)
        self._session = session.http
        self._places = asyncio.Semaphore(IN_FLIGHT)
        # Waiting for a place is not part of it: a request that never left must not look like one in doubt.
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(CONNECT_SECONDS, timeout_seconds))

    async def send(self, ask: Ask, token: str | None = None) -> Reply:
        """The panel's answer below 500, redirects not followed. PanelUnavailable, AmbiguousOutcome."""
        base = self._door.base
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._places:
            try:
                reply = await self._exchange(base, ask, headers)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
                kind = PanelNotCalled if is_ours(error) else PanelUnavailable
                raise kind(self.instance_id, cause_of(error)) from None
            except (aiohttp.ClientError, OSError) as error:
                raise self._failed(ask, cause_of(error)) from None
        if reply.status >= 500:
            raise self._failed(ask, f"status {reply.status}")
        return reply

    async def _exchange(self, base: URL, ask: Ask, headers: dict[str, str]) -> Reply:
        async with self._session.request(
            ask.method,
            URL(f"{base}{ask.path}"),
            params=ask.params,
            json=ask.body,
            data=ask.form,
            headers=headers,
            timeout=self._timeout,
            ssl=self._door.tls,
            allow_redirects=False,
        ) as response:
            return Reply(response.status, await response.read())

    def _failed(self, ask: Ask, cause: str) -> PanelUnavailable | AmbiguousOutcome:
        # A proxy's 502 or 503 leaves doubt as well: the panel may have worked and its answer been lost.
        return (PanelUnavailable if ask.harmless else AmbiguousOutcome)(self.instance_id, cause)


def content_of(instance_id: str, reply: Reply) -> object:
    """The JSON of a good answer, numbers with a point as Decimal, None where there is nothing to say."""
    content = _json(checked(instance_id, reply).body)
    if content is None and reply.status != NO_CONTENT:
        raise PanelBadAnswer(instance_id, "the answer is no JSON")
    return content


def checked(instance_id: str, reply: Reply) -> Reply:
    """A good answer as it is, unread; every other one as its error."""
    if 200 <= reply.status < 300:
        return reply
    content = _json(reply.body)
    detail = content.get("detail") if isinstance(content, dict) else None
    match reply.status:
        case 400 | 422:
            raise PanelInvalid(instance_id, _fields(detail))
        case 401 | 403:
            raise PanelAuthFailed(instance_id, f"status {reply.status}")
        case 404 if detail == "User not found":
            raise PanelUserNotFound(instance_id, "no such user")
        case 409:
            raise PanelUserExists(instance_id, "the username is taken")
        case 429:
            raise PanelUnavailable(instance_id, "status 429")
    # A 404 that Marzban did not word comes from something in front of it and says nothing of a user.
    raise PanelBadAnswer(instance_id, f"unexpected status {reply.status}")


class Door:
    """A panel's address and how it proves itself, judged anew where it is used: a row may be wrong in any way."""

    def __init__(self, access: PanelAccess, *, allow_private: bool) -> None:
        self.instance_id = access.instance_id
        self._base = address_of(access.base_url)
        self._fault: str | None = None
        self.tls: ssl.SSLContext | bool = True
        if self._base is None:
            self._fault = "base_url is no address of a panel"
        elif panel_reach.is_refused(self._base, allow_private=allow_private):
            self._fault = panel_reach.REFUSED
        try:
            self.tls = panel_reach.tls_of(access)
        except ValueError as fault:
            self._fault = str(fault)

    @property
    def base(self) -> URL:
        """The address without a closing slash; PanelNotCalled where the row leads to no panel."""
        if self._base is None or self._fault is not None:
            raise PanelNotCalled(self.instance_id, self._fault or "")
        return self._base


def address_of(base_url: str) -> URL | None:
    """The panel's address without a closing slash; None where it can't be one."""
    try:
        url = URL(base_url.strip().rstrip("/"))
    except ValueError:
        return None
    good = url.scheme in {"http", "https"} and url.host and not url.user and not url.query_string
    return url if good else None


def path_below(base: str, url: str) -> str:
    """The path of a subscription below the panel's base: a panel may name another host, which is never followed."""
    below = url.removeprefix(base)
    return below if below.startswith("/") else URL(url).raw_path


def is_encrypted(base_url: str) -> bool:
    """Whether what is sent there is hidden from those in between."""
    url = address_of(base_url)
    return url is not None and url.scheme == "https"


def is_ours(error: Exception) -> bool:
    """Whether the connection was refused by us: the panel may serve its users all the same."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return True
    return isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, panel_reach.AddressRefused)


def cause_of(error: Exception) -> str:
    """The kind of failure only: aiohttp's texts carry addresses."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its TLS certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, panel_reach.AddressRefused):
        return panel_reach.REFUSED
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__


def _json(body: bytes) -> object:
    try:
        content: object = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return content


def _fields(detail: object) -> dict[str, str]:
    if isinstance(detail, dict):
        return {str(name): str(message)[:200] for name, message in detail.items()}
    return {"detail": str(detail)[:200]}
