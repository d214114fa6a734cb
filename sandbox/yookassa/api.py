"""Owns YooKassa's own endpoints under /v3; must not hold state."""

import base64
import hmac
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.yookassa.model import Refund
from sandbox.yookassa.rules import Refusal
from sandbox.yookassa.shop import Shop, Thing

MOST_LISTED = 100
_USUALLY_LISTED = 10
_BOUNDS: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "created_at.gte": datetime.__ge__,
    "created_at.gt": datetime.__gt__,
    "created_at.lte": datetime.__le__,
    "created_at.lt": datetime.__lt__,
}
_FILTERS = frozenset({"status", "payment_id", "limit", "cursor", *_BOUNDS})

Handler = Callable[[web.Request], Awaitable[object]]


class Api:
    """The handlers of /v3 over one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/v3/me", self._guarded(self._me)),
            web.post("/v3/payments", self._guarded(self._create)),
            web.get("/v3/payments", self._guarded(self._payments)),
            web.get("/v3/payments/{id}", self._guarded(self._payment)),
            web.post("/v3/refunds", self._guarded(self._give_back)),
            web.get("/v3/refunds", self._guarded(self._refunds)),
            web.get("/v3/refunds/{id}", self._guarded(self._refund)),
        ]

    def wire(self, thing: Thing) -> dict[str, object]:
        """Write a payment or a refund as it stands now."""
        return thing.wire() if isinstance(thing, Refund) else thing.wire(self._shop.clock.now(), self._shop.shop_id)

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        basic = base64.b64encode(f"{self._shop.shop_id}:{self._shop.secret_key}".encode())

        async def answer(request: web.Request) -> web.Response:
            given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            try:
                if not hmac.compare_digest(given, b"Basic " + basic):
                    raise Refusal("Authorization", "invalid_credentials", 401)
                return web.json_response(await handler(request))
            except Refusal as refusal:
                return error(refusal.status, refusal.code, refusal.parameter)

        return answer

    async def _me(self, _request: web.Request) -> object:
        test = self._shop.secret_key.startswith("test_")
        return {
            "account_id": self._shop.shop_id,
            "status": "enabled",
            "test": test,
            "fiscalization_enabled": False,
            "payment_methods": ["bank_card", "sbp"],
        }

    async def _create(self, request: web.Request) -> object:
        return self.wire(self._shop.create(await _body(request), request.headers.get("Idempotence-Key")))

    async def _give_back(self, request: web.Request) -> object:
        return self.wire(self._shop.give_back(await _body(request), request.headers.get("Idempotence-Key")))

    async def _payment(self, request: web.Request) -> object:
        return self.wire(self._shop.payment(request.match_info["id"]))

    async def _refund(self, request: web.Request) -> object:
        return self.wire(self._shop.refund(request.match_info["id"]))

    async def _payments(self, request: web.Request) -> object:
        return self._page(self._shop.payments.values(), request.query)

    async def _refunds(self, request: web.Request) -> object:
        return self._page(self._shop.refunds.values(), request.query)

    def _page(self, things: Iterable[Thing], query: Mapping[str, str]) -> object:
        for name in query.keys() - _FILTERS:
            raise Refusal(name)
        limit = query.get("limit", str(_USUALLY_LISTED))
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST_LISTED:
            raise Refusal("limit")
        newest: list[Thing] = sorted(things, key=lambda thing: (thing.created_at, thing.id), reverse=True)
        wanted = [thing for thing in newest if self._is_wanted(thing, query)]
        start = _place(wanted, query["cursor"]) if "cursor" in query else 0
        page, rest = wanted[start : start + int(limit)], wanted[start + int(limit) :]
        answer: dict[str, object] = {"type": "list", "items": [self.wire(thing) for thing in page]}
        return answer | ({"next_cursor": rest[0].id} if rest else {})

    def _is_wanted(self, thing: Thing, query: Mapping[str, str]) -> bool:
        wire = self.wire(thing)
        within = all(fits(thing.created_at, _moment(query[name])) for name, fits in _BOUNDS.items() if name in query)
        named = all(wire.get(name) == query[name] for name in ("status", "payment_id") if name in query)
        return within and named


def error(status: int, code: str, parameter: str | None = None) -> web.Response:
    """Word a refusal the way YooKassa does."""
    body = {"type": "error", "id": str(uuid.uuid4()), "code": code, "description": "The request can't be carried out"}
    return web.json_response(body | ({"parameter": parameter} if parameter else {}), status=status)


def _place(things: list[Thing], name: str) -> int:
    places = [place for place, thing in enumerate(things) if thing.id == name]
    if not places:
        raise Refusal("cursor")
    return places[0]


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("created_at") from None


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise Refusal("body") from None
    if not isinstance(body, dict):
        raise Refusal("body")
    return body
