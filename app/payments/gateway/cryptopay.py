"""A thin client of the Crypto Pay API. Judges nothing of what it reads, and shows its token to no one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import aiohttp
from pydantic import TypeAdapter, ValidationError

from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.bounded import bounded_body
from app.payments.gateway.cryptopay_models import ExchangeRate, Invoice, Invoices, Me
from app.payments.gateway.pacer import pause
from app.payments.gateway.strict_json import NotStrictJson, read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

ResultT = TypeVar("ResultT")

MAIN_NET = "https://pay.crypt.bot"
TEST_NET = "https://testnet-pay.crypt.bot"
MOST_INVOICES = 1000
TOKEN_HEADER = "Crypto-Pay-API-Token"  # noqa: S105 - a header's name
_REQUEST_SECONDS = 10
_ATTEMPTS = 3
_FIRST_DELAY = timedelta(milliseconds=300)
_LONGEST_DELAY = timedelta(seconds=5)
_BIGGEST_BODY = 8 * 1024 * 1024
_WORTH_ANOTHER_TRY = frozenset({429, 500, 502, 503, 504})

_INVOICE = TypeAdapter(Invoice)
_INVOICES: TypeAdapter[Invoices | tuple[Invoice, ...]] = TypeAdapter(Invoices | tuple[Invoice, ...])
_DONE = TypeAdapter(bool)
_ME = TypeAdapter(Me)
_RATES = TypeAdapter(tuple[ExchangeRate, ...])


class CryptoPayRefused(GatewayUnavailable):
    """Crypto Pay understood and said no; the text is its name for the reason."""


class _TryAgain(Exception):
    """An attempt failed in a way that may pass."""


class CryptoPay:
    """Crypto Pay at `base_url`. Every method raises GatewayUnavailable, with a reason that holds no token.

    Reads are tried up to three times. What changes something is tried once: whether it was done is then unknown.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        token: str,
        sleep: Callable[[timedelta], Awaitable[None]] = pause,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._headers = {TOKEN_HEADER: token}
        self._sleep = sleep

    async def create_invoice(
        self, *, fiat: str, amount: str, payload: str, description: str, expires_in_seconds: int
    ) -> Invoice:
        """Make an invoice over `amount` in a fiat currency, payable in any coin until it expires."""
        wish: dict[str, object] = {
            "currency_type": "fiat",
            "fiat": fiat,
            "amount": amount,
            "payload": payload,
            "description": description,
            "expires_in": expires_in_seconds,
            "allow_comments": False,
        }
        return await self._change("createInvoice", wish, _INVOICE)

    async def invoices(
        self, *, ids: Sequence[str] = (), status: str | None = None, offset: int = 0, count: int = MOST_INVOICES
    ) -> tuple[Invoice, ...]:
        """Up to `count` (1000 at most) of the app's invoices; of unknown order."""
        query = {"offset": str(offset), "count": str(count)}
        if ids:
            query["invoice_ids"] = ",".join(ids)
        if status is not None:
            query["status"] = status
        page = await self._read("getInvoices", query, _INVOICES)
        return page.items if isinstance(page, Invoices) else page

    async def delete_invoice(self, invoice_id: str) -> None:
        """Take an invoice away, so that it can't be paid any more."""
        await self._change("deleteInvoice", {"invoice_id": int(invoice_id)}, _DONE)

    async def me(self) -> Me:
        """Whose token this is."""
        return await self._read("getMe", {}, _ME)

    async def exchange_rates(self) -> tuple[ExchangeRate, ...]:
        """All rates, those that aren't valid among them."""
        return await self._read("getExchangeRates", {}, _RATES)

    async def _read(self, method: str, query: Mapping[str, str], kind: TypeAdapter[ResultT]) -> ResultT:
        delay = _FIRST_DELAY
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._attempt("GET", method, kind, query=query)
            except _TryAgain as failure:
                if attempt == _ATTEMPTS:
                    raise GatewayUnavailable(str(failure)) from None
            await self._sleep(min(delay, _LONGEST_DELAY))
            delay *= 3
        raise AssertionError("every attempt returns, raises or leads to the next")

    async def _change(self, method: str, wish: Mapping[str, object], kind: TypeAdapter[ResultT]) -> ResultT:
        try:
            return await self._attempt("POST", method, kind, wish=wish)
        except _TryAgain as failure:
            raise GatewayUnavailable(str(failure)) from None

    async def _attempt(
        self,
        verb: str,
        method: str,
        kind: TypeAdapter[ResultT],
        *,
        query: Mapping[str, str] | None = None,
        wish: Mapping[str, object] | None = None,
    ) -> ResultT:
        try:
            async with self._session.request(
                verb,
                f"{self._base_url}/api/{method}",
                params=query,
                json=wish,
                headers=self._headers,
                # A redirect would carry the token to a host nobody named.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
            ) as response:
                if response.status in _WORTH_ANOTHER_TRY:
                    raise _TryAgain(f"http_{response.status}")
                body = await bounded_body(response, _BIGGEST_BODY)
                if body is None:
                    raise GatewayUnavailable("answer_too_big")
                return _result(body, response.status, kind)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # The error's own text may quote the request; its kind says enough.
            raise _TryAgain(type(error).__name__) from None


def _result(body: bytes, status: int, kind: TypeAdapter[ResultT]) -> ResultT:
    """What stands in the envelope; whether it says ok counts, and not the HTTP status alone."""
    try:
        envelope = read_json(body)
    except NotStrictJson as problem:
        raise _TryAgain(f"{problem} (http_{status})") from None
    if not isinstance(envelope, dict) or envelope.get("ok") is not True:
        raise CryptoPayRefused(_reason(envelope, status))
    try:
        return kind.validate_python(envelope.get("result"))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise GatewayUnavailable(f"unexpected_answer at {place}") from None


def _reason(envelope: object, status: int) -> str:
    """Crypto Pay's own word for a refusal, where it looks like one: anything else might quote what was sent."""
    error = envelope.get("error") if isinstance(envelope, dict) else None
    name = error.get("name") if isinstance(error, dict) else None
    return name if isinstance(name, str) and name.isidentifier() and len(name) <= 64 else f"http_{status}"
