"""Three sources of rates over real HTTP, a clock and a cache that the test moves, and a history that is only noted."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.domain.assets import Asset
from app.payments.gateway.cryptopay import CryptoPay
from app.payments.rates import TonApiChart, rate_sources
from app.utils.rates import RubRates
from sandbox import cryptopay, public_rates
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from tests.integration.ton_world import MASTER, ChainWorld, HandClock, open_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from app.services.records import Rate
    from app.utils.rates import RateSource

TOKEN = "1000001:a-token-of-the-test"


class MemoryCache:
    """A cache whose keys die by the test's clock."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.kept: dict[str, tuple[str, int]] = {}

    async def get_cached(self, key: str) -> str | None:
        value, dies_at = self.kept.get(key, (None, 0))
        return value if self._clock.now().timestamp() < dies_at else None

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        self.kept[key] = (value, int(self._clock.now().timestamp()) + ttl)


@dataclass
class NotedRates:
    """A history that remembers what was noted."""

    noted: list[tuple[Asset, Rate]] = field(default_factory=list)

    async def note(self, asset: Asset, rates: Sequence[Rate]) -> None:
        self.noted += [(asset, rate) for rate in rates]

    async def hole(
        self, asset: Asset, since: datetime, until: datetime, near: timedelta
    ) -> tuple[datetime, datetime] | None:
        return since, until

    async def prune(self, before: datetime) -> int:
        return 0


class Counted:
    """A source that counts how often it is asked."""

    def __init__(self, source: RateSource) -> None:
        self._source = source
        self.name = source.name
        self.asked = 0

    async def prices(self) -> Mapping[Asset, Decimal]:
        self.asked += 1
        return await self._source.prices()


class Market:
    """Rates with sources, a clock and a cache of their own. Public prices are what the test says; 0 is no price."""

    def __init__(self, chain: ChainWorld, crypto_url: str, public_url: str) -> None:
        self.chain = chain
        self.urls = {"cryptopay": crypto_url, "public": public_url}
        self.clock = HandClock()
        self.cache = MemoryCache(self.clock)
        self.history = NotedRates()
        client = CryptoPay(chain.session, crypto_url, TOKEN, chain.sleep)
        sources = rate_sources(chain.client(), client, chain.session, f"{public_url}/api/v3")
        self.sources = {source.name: Counted(source) for source in sources}
        self.rates = self.replica()

    def replica(self, *names: str) -> RubRates:
        sources = [source for name, source in self.sources.items() if not names or name in names]
        constants = {Asset.TON: Decimal(210), Asset.USDT: Decimal(79)}
        chart = TonApiChart(self.chain.client(), MASTER)
        return RubRates(sources, self.cache, self.clock, constants, self.history, chart)

    async def price(self, rub: str) -> None:
        """What tonapi says of the coin."""
        await self.chain.post("rate", rub=rub)

    async def silence(self, name: str) -> None:
        """Have a source answer with an error from now on."""
        url = self.chain.url if name == "tonapi" else self.urls[name]
        await self._post(url, match="/v2/rates" if name == "tonapi" else "/api/", action="error", times=-1)

    async def heal(self, name: str) -> None:
        url = self.chain.url if name == "tonapi" else self.urls[name]
        async with self.chain.session.delete(f"{url}/sim/faults") as answer:
            assert answer.status == 200

    async def garble(self, name: str) -> None:
        """Have a source answer with what is no JSON from now on."""
        await self._post(self.urls[name], match="/api/", action="garbage", times=-1)

    async def now(self, asset: Asset = Asset.TON, rates: RubRates | None = None) -> tuple[str, str]:
        rate = await (rates or self.rates).of(asset)
        return f"{rate.rub.normalize():f}", rate.source

    async def _post(self, url: str, **body: Any) -> None:
        async with self.chain.session.post(f"{url}/sim/faults", json=body) as answer:
            assert answer.status == 200, await answer.text()


@dataclass
class PublicPrices:
    """What the public site says, in rubles."""

    rub: dict[str, Decimal]

    def table(self) -> dict[str, dict[str, Decimal]]:
        return {name: {"rub": price} for name, price in self.rub.items()}


@asynccontextmanager
async def open_market(public: PublicPrices) -> AsyncIterator[Market]:
    """Emulators of all three on free ports."""
    till = cryptopay.Till(SandboxClock(), TOKEN)
    servers = Server(cryptopay.create_app(till)), Server(public_rates.create_app(public.table))
    try:
        async with open_chain() as chain:
            yield Market(chain, *[await server.start() for server in servers])
    finally:
        for server in servers:
            await server.stop()
