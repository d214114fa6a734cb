"""A thin client of the YooKassa API. Judges nothing of what it reads, and shows its secret key to no one."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.payments.gateway.answers import place_of
from app.payments.gateway.asking import Asking, TryAgain, word
from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.pacer import pause
from app.payments.gateway.strict_json import NotStrictJson, read_json
from app.payments.gateway.yookassa_models import Me, Payment, Payments, Refund, Refunds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime, timedelta

    import aiohttp

ResultT = TypeVar("ResultT")
PageT = TypeVar("PageT", Payments, Refunds)

IDEMPOTENCE_HEADER = "Idempotence-Key"
PAGE = 100
# Far beyond what a shop sells in a week; a list that never ends must not keep the bot for ever.
MOST_PAGES = 1000
SUCCEEDED = "succeeded"
_ACCEPTED = 202

_PAYMENT = TypeAdapter(Payment)
_REFUND = TypeAdapter(Refund)
_PAYMENTS = TypeAdapter(Payments)
_REFUNDS = TypeAdapter(Refunds)
_ME = TypeAdapter(Me)


class YooKassaRefused(GatewayUnavailable):
    """YooKassa understood and said no; the text is its word for the reason, `status` the HTTP status."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class YooKassa:
    """YooKassa at `base_url`. Every method raises GatewayUnavailable, with a reason that holds no secret.

    Everything is tried up to three times. What changes something carries a key under which YooKassa does it once
    within 24 hours, and answers alike.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        shop_id: str,
        secret_key: str,
        sleep: Callable[[timedelta], Awaitable[None]] = pause,
    ) -> None:
        basic = base64.b64encode(f"{shop_id}:{secret_key}".encode()).decode()
        self._asking = Asking(session, base_url, {"Authorization": f"Basic {basic}"}, sleep)

    async def create_payment(self, wish: Mapping[str, object], idempotence_key: str) -> Payment:
        """Make a payment."""
        return await self._change("payments", wish, idempotence_key, _PAYMENT)

    async def payment(self, payment_id: str) -> Payment | None:
        """How a payment stands; None where the shop has none of that id."""
        return await self._one(f"payments/{payment_id}", _PAYMENT)

    async def payments_since(self, since: datetime) -> list[Payment]:
        """All payments that were made since and succeeded."""
        pages = await self._pages("payments", {"created_at.gte": _moment(since), "status": SUCCEEDED}, _PAYMENTS)
        return [payment for page in pages for payment in page.items]

    async def create_refund(self, wish: Mapping[str, object], idempotence_key: str) -> Refund:
        """Give money back."""
        return await self._change("refunds", wish, idempotence_key, _REFUND)

    async def refund(self, refund_id: str) -> Refund | None:
        """How a refund stands; None where the shop has none of that id."""
        return await self._one(f"refunds/{refund_id}", _REFUND)

    async def refunds_of(self, payment_id: str) -> list[Refund]:
        """All refunds of a payment, whatever became of them."""
        return [r for page in await self._pages("refunds", {"payment_id": payment_id}, _REFUNDS) for r in page.items]

    async def refunds_since(self, since: datetime) -> list[Refund]:
        """All refunds that were made since and succeeded."""
        pages = await self._pages("refunds", {"created_at.gte": _moment(since), "status": SUCCEEDED}, _REFUNDS)
        return [refund for page in pages for refund in page.items]

    async def me(self) -> Me:
        """Whose key this is."""
        return await self._asking.ask("GET", "/v3/me", partial(_result, _ME))

    async def _one(self, path: str, kind: TypeAdapter[ResultT]) -> ResultT | None:
        try:
            return await self._asking.ask("GET", f"/v3/{path}", partial(_result, kind))
        except YooKassaRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    async def _pages(self, path: str, query: Mapping[str, str], kind: TypeAdapter[PageT]) -> list[PageT]:
        asked = {**query, "limit": str(PAGE)}
        pages: list[PageT] = []
        while len(pages) < MOST_PAGES:
            page = await self._asking.ask("GET", f"/v3/{path}", partial(_result, kind), query=asked)
            pages.append(page)
            if page.next_cursor is None or page.next_cursor == asked.get("cursor"):
                return pages
            asked["cursor"] = page.next_cursor
        raise GatewayUnavailable("list_without_end")

    async def _change(
        self, path: str, wish: Mapping[str, object], idempotence_key: str, kind: TypeAdapter[ResultT]
    ) -> ResultT:
        headers = {IDEMPOTENCE_HEADER: idempotence_key}
        return await self._asking.ask("POST", f"/v3/{path}", partial(_result, kind), wish=wish, headers=headers)


def _result(kind: TypeAdapter[ResultT], status: int, body: bytes) -> ResultT:
    try:
        parsed = read_json(body)
    except NotStrictJson as problem:
        raise TryAgain(f"{problem} (http_{status})") from None
    if status == _ACCEPTED:  # it is still at it, and under the same key will tell how it went
        raise TryAgain("processing")
    if status != 200:
        raise YooKassaRefused(word(parsed.get("code") if isinstance(parsed, dict) else None, status), status)
    try:
        return kind.validate_python(parsed)
    except ValidationError as error:
        raise GatewayUnavailable(f"unexpected_answer at {place_of(error)}") from None


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
