"""A chain over real HTTP, with a client that never waits, and a hand-made store: what the TON tests stand on."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import aiohttp

from app.domain.assets import Asset
from app.domain.ton import TonAddress
from app.payments.gateway.pacer import Pacer
from app.payments.gateway.ton_history import WalletHistory, coin_history
from app.payments.gateway.ton_jetton import ADDRESS_METHOD, JettonWallet, address_in
from app.payments.gateway.tonapi import TonApi
from app.services.records import Rate
from sandbox.chain import Chain, create_app
from sandbox.clock import SandboxClock
from sandbox.serve import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "secret-key-of-the-test"
MASTER = TonAddress.parse("EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs")


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 9, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


class FixedRates:
    """Rates that stand still, and nothing known of the past."""

    def __init__(self, rub: str = "220", fetched_at: datetime | None = None) -> None:
        self.rate = Rate(Decimal(rub), "test", fetched_at or datetime(2026, 9, 1, 12, tzinfo=UTC))

    async def of(self, asset: Asset) -> Rate:
        return self.rate

    async def cover(self, asset: Asset, since: datetime, until: datetime) -> None:
        """No chart."""


@dataclass
class ChainWorld:
    """The emulator, a client of it and the history of its merchant. `waited` is what the client wanted to sleep."""

    url: str
    session: aiohttp.ClientSession
    merchant: TonAddress
    clock: SandboxClock
    waited: list[timedelta] = field(default_factory=list)

    async def sleep(self, span: timedelta) -> None:
        self.waited.append(span)

    def client(self, key: str | None = KEY) -> TonApi:
        return TonApi(self.session, self.url, key, Pacer(timedelta(0)), self.sleep)

    def history(self) -> WalletHistory:
        return coin_history(self.client(), self.merchant)

    async def jetton_wallet(self) -> JettonWallet:
        address = address_in(await self.client().method(MASTER.raw, ADDRESS_METHOD, self.merchant.raw))
        assert address is not None
        return JettonWallet(self.merchant, MASTER, address)

    async def post(self, path: str, **body: object) -> Any:
        async with self.session.post(f"{self.url}/sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def pay(
        self, nano: int = 10**9, comment: str | None = None, kind: str = "plain", jetton: str | None = None
    ) -> Any:
        wish = {"from": "alice", "to": self.merchant.raw, "value_nano": nano, "comment": comment, "kind": kind}
        return await self.post("transfer", **wish, jetton=jetton)

    async def fill(self, count: int, *comments: str, **more: object) -> None:
        said = list(comments or ("one", "two", "three"))
        await self.post("bulk", count=count, to=self.merchant.raw, comments=said, **more)

    async def fault(self, action: str, times: int = 1, **more: object) -> None:
        await self.post("faults", match="/v2/", action=action, times=times, **more)

    async def heal(self) -> None:
        async with self.session.delete(f"{self.url}/sim/faults") as answer:
            assert answer.status == 200


@asynccontextmanager
async def open_chain(api_key: str | None = KEY) -> AsyncIterator[ChainWorld]:
    """A fresh chain on a free port."""
    clock = SandboxClock()
    chain = Chain(clock)
    server = Server(create_app(chain, api_key))
    url = await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield ChainWorld(url, session, TonAddress.parse(chain.merchant.raw), clock)
    finally:
        await server.stop()
