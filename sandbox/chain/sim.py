"""Owns the chain emulator's own doors under /sim, for the page and for tests; must not speak tonapi."""

from decimal import Decimal

from aiohttp import web
from pydantic import Field, TypeAdapter, ValidationError

from sandbox.asked import Asked, read, refusal
from sandbox.chain import wire
from sandbox.chain.address import Address, parse
from sandbox.chain.index import Index, Mode
from sandbox.chain.jettons import MASTERS, JettonOrder, Jettons
from sandbox.chain.ledger import MERCHANT, Chain, Order
from sandbox.chain.model import Transaction

_SHOWN = 50
_CHANGES = TypeAdapter(dict[str, object])


class Transfer(Asked):
    """A wish to pay; value in nano, or in units of the jetton that is named."""

    source: str = Field(alias="from")
    to: str
    value_nano: int
    comment: str | None = None
    kind: str = "plain"
    jetton: str | None = None


class Bulk(Asked):
    """A wish for many payments; comments are taken in turn."""

    count: int = Field(ge=1, le=100_000)
    to: str
    comments: list[str] = Field(min_length=1)
    value_nano: int = 1_000_000
    source: str = Field(default="bulk", alias="from")
    jetton: str | None = None


class Rate(Asked):
    """RUB for one coin; absurd values are welcome, a reader must survive them."""

    rub: Decimal


class Hide(Asked):
    """A transaction to leave out of that many lists."""

    hash: str
    polls: int = Field(ge=1)


class Rewind(Asked):
    """How many of the newest transactions of a wallet to hide, and for how many lists."""

    count: int = Field(ge=1)
    polls: int = Field(ge=1)
    wallet: str = MERCHANT


class Sim:
    """The handlers of /sim."""

    def __init__(self, chain: Chain, index: Index, jettons: Jettons) -> None:
        self._chain = chain
        self._index = index
        self._jettons = jettons

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/sim/state", self.state),
            web.post("/sim/transfer", self.transfer),
            web.post("/sim/bulk", self.bulk),
            web.post("/sim/rate", self.rate),
            web.post("/sim/hide", self.hide),
            web.post("/sim/rewind", self.rewind),
            web.post("/sim/mode", self.mode),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Show wallets, the newest transfers and the rate."""
        wallets = [
            {
                "name": name,
                "address": address.friendly(),
                "raw": address.raw,
                "balance_nano": str(self._chain.balance(address)),
                "jettons": {jetton: str(self._jettons.balance(jetton, address)) for jetton in MASTERS},
            }
            for name, address in self._chain.wallets.items()
        ]
        newest = self._chain.incoming[: -_SHOWN - 1 : -1]
        return web.json_response(
            {
                "wallets": wallets,
                "transactions": [self._summary(step) for step in newest],
                "rate_rub": f"{self._chain.rate_rub:f}",
                "jettons": {jetton: master.friendly(bounceable=True) for jetton, master in MASTERS.items()},
            }
        )

    async def transfer(self, request: web.Request) -> web.Response:
        """Pay from a wallet to any address; the answer is tonapi's own form of the receiver's transaction."""
        asked = await read(request, Transfer)
        return web.json_response(wire.transaction(self._carry_out(asked)))

    async def bulk(self, request: web.Request) -> web.Response:
        """Make many payments at once."""
        asked = await read(request, Bulk)
        wishes = [
            Transfer(
                source=asked.source, to=asked.to, value_nano=asked.value_nano, comment=comment, jetton=asked.jetton
            )
            for comment in asked.comments
        ]
        made = [self._carry_out(wishes[n % len(wishes)]) for n in range(asked.count)]
        return web.json_response({"count": len(made), "last_lt": made[-1].lt, "hashes": [step.hash for step in made]})

    async def rate(self, request: web.Request) -> web.Response:
        """Set the rate."""
        self._chain.rate_rub = (await read(request, Rate)).rub
        return web.json_response({"rate_rub": f"{self._chain.rate_rub:f}"})

    async def hide(self, request: web.Request) -> web.Response:
        """Make the index lag behind on one transaction."""
        asked = await read(request, Hide)
        self._index.hide(asked.hash, asked.polls)
        return web.json_response({"hidden": [asked.hash]})

    async def rewind(self, request: web.Request) -> web.Response:
        """Make the index lose the newest transactions for a while."""
        asked = await read(request, Rewind)
        hidden = self._index.rewind(self._chain.wallet(asked.wallet), asked.count, asked.polls)
        return web.json_response({"hidden": hidden})

    async def mode(self, request: web.Request) -> web.Response:
        """Change some of the indexer's moods, leave the others."""
        try:
            changes = _CHANGES.validate_json(await request.read())
            self._index.mode = Mode.model_validate(self._index.mode.model_dump() | changes)
        except ValidationError as error:
            raise refusal(str(error)) from error
        return web.json_response(self._index.mode.model_dump())


    def _summary(self, step: Transaction) -> dict[str, object]:
        """A jetton's transfer is shown between the people, not between their jetton wallets."""
        order = self._jettons.orders.get(step.hash)
        if order is None:
            return wire.summary(step)
        people = {"from": self._chain.wallet(order.source).friendly(), "to": order.to.friendly()}
        return wire.summary(step) | people | {
            "jetton": order.jetton, "units": str(order.units), "comment": order.comment
        }

    def _carry_out(self, asked: Transfer) -> Transaction:
        to = _address(asked.to)
        try:
            if asked.jetton is None:
                return self._chain.transfer(Order(asked.source, to, asked.value_nano, asked.comment, asked.kind))
            return self._jettons.transfer(
                JettonOrder(asked.source, to, asked.value_nano, asked.comment, asked.jetton, asked.kind)
            )
        except ValueError as error:
            raise refusal(str(error)) from error


def _address(text: str) -> Address:
    try:
        return parse(text).address
    except ValueError as error:
        raise refusal(str(error)) from error
