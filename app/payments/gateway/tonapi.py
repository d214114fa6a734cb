"""A thin client of tonapi v2: GETs with patience. Judges nothing of what it reads, and shows its key to no one."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from app.payments.gateway.bounded import bounded_body
from app.payments.gateway.pacer import Pacer, pause
from app.payments.gateway.tonapi_models import Chart, MethodResult, RatesTable, Status, Transaction, Transactions
from app.services.ports import ChainUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

AnswerT = TypeVar("AnswerT", bound=BaseModel)

MOST_TRANSACTIONS = 1000
MOST_POINTS = 200
KEYLESS_INTERVAL = timedelta(seconds=4)
_REQUEST_SECONDS = 15
_ATTEMPTS = 4
_FIRST_DELAY = timedelta(milliseconds=500)
_LONGEST_DELAY = timedelta(seconds=20)
_BIGGEST_BODY = 32 * 1024 * 1024
_WORTH_ANOTHER_TRY = frozenset({429, 500, 502, 503, 504})


class _TryAgain(Exception):
    """An attempt failed in a way that may pass; `after` is how long the server asks to wait."""

    def __init__(self, reason: str, after: timedelta = timedelta(0)) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class TonApi:
    """tonapi at `base_url`. Every method raises ChainUnavailable, with a reason that holds neither key nor address.

    Without a key requests are spaced 4 s apart, which is what tonapi allows anonymous callers.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        key: str | None = None,
        pacer: Pacer | None = None,
        sleep: Callable[[timedelta], Awaitable[None]] = pause,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._pacer = pacer or Pacer(timedelta(0) if key else KEYLESS_INTERVAL, sleep)
        self._sleep = sleep

    async def transactions(
        self,
        account: str,
        *,
        after_lt: int | None = None,
        before_lt: int | None = None,
        limit: int = 500,
        order: Literal["asc", "desc"] = "asc",
    ) -> tuple[Transaction, ...]:
        """A page of the account's history, as the server orders and filters it: trust neither. `limit` is 1 to 1000."""
        bounds = {"after_lt": after_lt, "before_lt": before_lt, "limit": limit}
        query = {name: str(value) for name, value in bounds.items() if value is not None}
        path = f"/v2/blockchain/accounts/{account}/transactions"
        return (await self._get(path, query | {"sort_order": order}, Transactions)).transactions

    async def rates(self, tokens: Sequence[str], currencies: Sequence[str]) -> Mapping[str, Mapping[str, Decimal]]:
        """Prices of one coin by token and currency, both in upper case. A token nobody knows costs 0."""
        query = {"tokens": ",".join(tokens), "currencies": ",".join(currencies)}
        table = await self._get("/v2/rates", query, RatesTable)
        return {token: dict(entry.prices) for token, entry in table.rates.items()}

    async def chart(
        self, token: str, currency: str, since: datetime, until: datetime
    ) -> Sequence[tuple[datetime, Decimal]]:
        """What a coin or a jetton cost at 200 moments or fewer between, as tonapi drew them."""
        span = {"start_date": str(int(since.timestamp())), "end_date": str(int(until.timestamp()))}
        query = {"token": token, "currency": currency, **span, "points_count": str(MOST_POINTS)}
        return (await self._get("/v2/rates/chart", query, Chart)).points

    async def method(self, account: str, name: str, argument: str) -> MethodResult:
        """What a contract's own method answers to one argument."""
        return await self._get(f"/v2/blockchain/accounts/{account}/methods/{name}", {"args": argument}, MethodResult)

    async def status(self) -> Status:
        """How far the index is behind the chain."""
        return await self._get("/v2/status", {}, Status)

    async def _get(self, path: str, query: Mapping[str, str], kind: type[AnswerT]) -> AnswerT:
        delay = _FIRST_DELAY
        for attempt in range(1, _ATTEMPTS + 1):
            await self._pacer.turn()
            try:
                return _read(await self._attempt(path, query), kind)
            except _TryAgain as failure:
                wait = max(failure.after, delay)
                if attempt == _ATTEMPTS or wait > _LONGEST_DELAY:
                    raise ChainUnavailable(failure.reason) from None
            await self._sleep(wait)
            delay *= 2
        raise AssertionError("every attempt returns, raises or leads to the next")

    async def _attempt(self, path: str, query: Mapping[str, str]) -> bytes:
        try:
            async with self._session.get(
                self._base_url + path,
                params=query,
                headers=self._headers,
                # A redirect would carry the key to a host nobody named.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
            ) as response:
                if response.status in _WORTH_ANOTHER_TRY:
                    raise _TryAgain(f"http_{response.status}", _retry_after(response))
                if response.status != 200:
                    raise ChainUnavailable(f"http_{response.status}")
                body = await bounded_body(response, _BIGGEST_BODY)
                if body is None:
                    raise ChainUnavailable("answer_too_big")
                return body
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # The error's own text may quote the request; its kind says enough.
            raise _TryAgain(type(error).__name__) from None


def _retry_after(response: aiohttp.ClientResponse) -> timedelta:
    """The header in its form of whole seconds; tonapi is not known to send the other one."""
    text = response.headers.get("Retry-After", "").strip()
    return timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else timedelta(0)


def _read(body: bytes, kind: type[AnswerT]) -> AnswerT:
    try:
        parsed: object = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
        return kind.model_validate(parsed)
    except ValidationError as error:
        # Only the place: the value may be anything that anybody wrote on the chain.
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise ChainUnavailable(f"unexpected_answer at {place}") from None
    except (ValueError, RecursionError):
        raise _TryAgain("not_json") from None


def _no_number(name: str) -> Decimal:
    raise ValueError(name)
