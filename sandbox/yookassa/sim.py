"""Owns the YooKassa emulator's own doors under /sim, for the page and for tests; must not speak the API."""

import json
from collections.abc import Callable
from decimal import Decimal

from aiohttp import web
from pydantic import Field

from sandbox.asked import Asked, read, refusal
from sandbox.courier import Courier, Message, Where
from sandbox.yookassa.api import Api
from sandbox.yookassa.rules import Refusal
from sandbox.yookassa.shop import EVENTS, Shop, Thing

_SHOWN = 50


class Pay(Asked):
    """A wish to pay by card or SBP; `late` pays what has expired."""

    payment_id: str
    method: str = "bank_card"
    late: bool = False


class Decline(Asked):
    """A payment that the customer's bank refuses."""

    payment_id: str


class GiveBack(Asked):
    """A refund in the shop's cabinet, of all that is left where no amount is given."""

    payment_id: str
    amount: Decimal | None = None


class Settle(Asked):
    """How a refund that is pending ends."""

    refund_id: str
    status: str


class Refunding(Asked):
    """How refunds come out that are asked for from now on."""

    status: str


class Deliver(Asked):
    """A notification to bring now: of a thing as it stands with `changes`, or any `raw` text at all."""

    event: str = EVENTS[0]
    id: str = ""
    changes: dict[str, object] = Field(default_factory=dict)
    raw: str | None = None
    times: int = Field(default=1, ge=1, le=1000)


class Sim:
    """The handlers of /sim."""

    def __init__(self, shop: Shop, api: Api, courier: Courier) -> None:
        self._shop = shop
        self._api = api
        self._courier = courier
        shop.listeners.append(self._happened)

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/sim/state", self.state),
            web.post("/sim/pay", self.pay),
            web.post("/sim/decline", self.decline),
            web.post("/sim/refund", self.refund),
            web.post("/sim/settle", self.settle),
            web.post("/sim/refunding", self.refunding),
            web.post("/sim/webhook", self.webhook),
            web.post("/sim/deliver", self.deliver),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Show the newest payments and refunds, and what became of notifications."""
        lists: dict[str, list[Thing]] = {
            "payments": list(self._shop.payments.values()),
            "refunds": list(self._shop.refunds.values()),
        }
        shown = {name: [self._api.wire(thing) for thing in them[: -_SHOWN - 1 : -1]] for name, them in lists.items()}
        sent = [{"id": name, "status": status} for name, status in self._courier.sent[-_SHOWN:]]
        return web.json_response({**shown, "webhook": self._courier.habit.url, "sent": sent})

    async def pay(self, request: web.Request) -> web.Response:
        """Pay as a customer."""
        asked = await read(request, Pay)
        return self._acted(lambda: self._shop.pay(asked.payment_id, asked.method, late=asked.late))

    async def decline(self, request: web.Request) -> web.Response:
        """Refuse as the customer's bank."""
        asked = await read(request, Decline)
        return self._acted(lambda: self._shop.decline(asked.payment_id))

    async def refund(self, request: web.Request) -> web.Response:
        """Give back as somebody in the shop's cabinet."""
        asked = await read(request, GiveBack)
        return self._acted(lambda: self._shop.give_back_by_hand(asked.payment_id, asked.amount))

    async def settle(self, request: web.Request) -> web.Response:
        """Bring a pending refund to its end."""
        asked = await read(request, Settle)
        return self._acted(lambda: self._shop.settle(asked.refund_id, asked.status))

    async def refunding(self, request: web.Request) -> web.Response:
        """Say how refunds come out from now on."""
        self._shop.refunds_end = (await read(request, Refunding)).status
        return web.json_response({"status": self._shop.refunds_end})

    async def webhook(self, request: web.Request) -> web.Response:
        """Set where notifications go; what is lost, late or repeated with it."""
        self._courier.habit = (await read(request, Where)).habit()
        return web.json_response({"url": self._courier.habit.url})

    async def deliver(self, request: web.Request) -> web.Response:
        """Bring a notification now and tell the statuses it was answered with."""
        asked = await read(request, Deliver)
        body = asked.raw.encode() if asked.raw is not None else self._body(asked)
        statuses = await self._courier.deliver(asked.id, (body, {}), asked.times)
        return web.json_response({"statuses": statuses})

    def _happened(self, event: str, thing: Thing) -> None:
        self._courier.send(thing.id, lambda: self._message(event, thing))

    def _message(self, event: str, thing: Thing) -> Message:
        return _notification(event, self._api.wire(thing)), {}

    def _body(self, asked: Deliver) -> bytes:
        thing = self._shop.payments.get(asked.id) or self._shop.refunds.get(asked.id)
        told = self._api.wire(thing) if thing is not None else {"id": asked.id}
        return _notification(asked.event, told | asked.changes)

    def _acted(self, act: Callable[[], Thing]) -> web.Response:
        try:
            return web.json_response(self._api.wire(act()))
        except Refusal as problem:
            raise refusal(f"{problem.code}: {problem.parameter}") from None


def _notification(event: str, told: dict[str, object]) -> bytes:
    body = {"type": "notification", "event": event, "object": told}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
