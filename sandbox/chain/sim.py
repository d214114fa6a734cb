"""Owns the chain emulator's own doors under /sim, for the page and for tests; must not speak tonapi."""

from decimal import Decimal

from aiohttp import web
from pydantic import Field, TypeAdapter, ValidationError

from sandbox.asked import Asked, read, refusal
from sandbox.chain import wire
from sandbox.chain.address import Address, parse
from sandbox.chain.index import Index, Mode
from sandbox.chain.ledger import MERCHANT, Chain, Order
from sandbox.chain.model import Transaction

_SHOWN = 50
_CHANGES = TypeAdapter(dict[str, object])


class Transfer(Asked):
    """A wish to pay; value in nano."""

    source: str = Field(alias="from")
    to: str
    value_nano: int
    comment: str | None = None
    kind: str = "plain"


class Bulk(Asked):
    """A wish for many payments; comments are taken in turn."""

    count: int = Field(ge=1, le=100_000)
    to: str
    comments: list[str] = Field(min_length=1)
    value_nano: int = 1_000_000
    source: str = Field(default="bulk", alias="from")


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

    def __init__(self, chain: Chain, index: Index) -> None:
        self._chain = chain
        self._index = index

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
            }
            for name, address in self._chain.wallets.items()
        ]
        newest = self._chain.incoming[: -_SHOWN - 1 : -1]
        return web.json_response(
            {
                "wallets": wallets,
                "transactions": [wire.summary(step) for step in newest],
                "rate_rub": f"{self._chain.rate_rub:f}",
            }
        )

    async def transfer(self, request: web.Request) -> web.Response:
        """Pay from a wallet to any address; the answer is tonapi's own form of the receiver's transaction."""
        asked = await read(request, Transfer)
        order = Order(asked.source, _address(asked.to), asked.value_nano, asked.comment, asked.kind)
        return web.json_response(wire.transaction(_carry_out(self._chain, order)))

    async def bulk(self, request: web.Request) -> web.Response:
        """Make many payments at once."""
        asked = await read(request, Bulk)
        to = _address(asked.to)
        made = [
            _carry_out(self._chain, Order(asked.source, to, asked.value_nano, asked.comments[n % len(asked.comments)]))
            for n in range(asked.count)
        ]
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


def _carry_out(chain: Chain, order: Order) -> Transaction:
    try:
        return chain.transfer(order)
    except ValueError as error:
        raise refusal(str(error)) from error


def _address(text: str) -> Address:
    try:
        return parse(text).address
    except ValueError as error:
        raise refusal(str(error)) from error
