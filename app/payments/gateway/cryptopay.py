"""A thin client of the Crypto Pay API. Judges nothing of what it reads, and shows its token to no one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.payments.gateway.answers import place_of
from app.payments.gateway.asking import ATTEMPTS, Asking, TryAgain, word
from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.cryptopay_models import ExchangeRate, Invoice, Invoices, Me
from app.payments.gateway.pacer import pause
from app.payments.gateway.strict_json import NotStrictJson, read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import timedelta

    import aiohttp

ResultT = TypeVar("ResultT")

MAIN_NET = "https://pay.crypt.bot"
TEST_NET = "https://testnet-pay.crypt.bot"
MOST_INVOICES = 1000
TOKEN_HEADER = "Crypto-Pay-API-Token"  # noqa: S105 - a header's name

_INVOICE = TypeAdapter(Invoice)
_INVOICES: TypeAdapter[Invoices | tuple[Invoice, ...]] = TypeAdapter(Invoices | tuple[Invoice, ...])
_DONE = TypeAdapter(bool)
_ME = TypeAdapter(Me)
_RATES = TypeAdapter(tuple[ExchangeRate, ...])


class CryptoPayRefused(GatewayUnavailable):
    """Crypto Pay understood and said no; the text is its name for the reason."""


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
        self._asking = Asking(session, base_url, {TOKEN_HEADER: token}, sleep)

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
        return await self._asking.ask(
            "GET", f"/api/{method}", partial(_result, kind), attempts=ATTEMPTS, query=query
        )

    async def _change(self, method: str, wish: Mapping[str, object], kind: TypeAdapter[ResultT]) -> ResultT:
        return await self._asking.ask("POST", f"/api/{method}", partial(_result, kind), attempts=1, wish=wish)


def _result(kind: TypeAdapter[ResultT], status: int, body: bytes) -> ResultT:
    """What stands in the envelope; whether it says ok counts, and not the HTTP status alone."""
    try:
        envelope = read_json(body)
    except NotStrictJson as problem:
        raise TryAgain(f"{problem} (http_{status})") from None
    if not isinstance(envelope, dict) or envelope.get("ok") is not True:
        raise CryptoPayRefused(_reason(envelope, status))
    try:
        return kind.validate_python(envelope.get("result"))
    except ValidationError as error:
        raise GatewayUnavailable(f"unexpected_answer at {place_of(error)}") from None


def _reason(envelope: object, status: int) -> str:
    error = envelope.get("error") if isinstance(envelope, dict) else None
    return word(error.get("name") if isinstance(error, dict) else None, status)
