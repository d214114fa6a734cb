"""What assets cost in rubles, from several sources through a cache. Quotes and credits nothing; never fails: `of`."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.domain.assets import Asset
from app.domain.rates import NEAR, believable, storable
from app.services.ports import ChainUnavailable
from app.services.records import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.services.ports import Clock, RateHistory

log = structlog.get_logger(__name__)

KEYS = {Asset.TON: "rates:ton_rub", Asset.USDT: "rates:usd_rub"}
FRESH = timedelta(seconds=60)
ASKED_ANEW = timedelta(seconds=30)
USABLE = timedelta(minutes=5)
BELIEVED = timedelta(hours=1)
KEPT = timedelta(days=30)
CONSTANT_SOURCE = "constant"
CHART_SOURCE = "tonapi-chart"
# What was long ago may differ from now, though not by any factor.
_BIGGEST_DRIFT = Decimal("0.50")
_ASK_AGAIN_AFTER = timedelta(seconds=15)
_CHART_AGAIN_AFTER = timedelta(minutes=5)
_PATIENCE_SECONDS = 12


class RateUnavailable(Exception):
    """A source does not answer usefully; the text holds no secret."""


class RateSource(Protocol):
    """Where prices come from."""

    @property
    def name(self) -> str:
        """What is stored with a payment."""
        ...

    async def prices(self) -> Mapping[Asset, Decimal]:
        """Rubles for one, of the assets that it knows; may be absurd. Raises RateUnavailable or ChainUnavailable."""
        ...


class RateChart(Protocol):
    """Where old prices come from."""

    async def points(self, asset: Asset, since: datetime, until: datetime) -> Sequence[tuple[datetime, Decimal]]:
        """Rubles for one at moments between; may be absurd. Raises ChainUnavailable."""
        ...


class RateCache(Protocol):
    """A cache shared by replicas. One that is down answers None and forgets; it never raises."""

    async def get_cached(self, key: str) -> str | None:
        """What stands under `key`."""
        ...

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Keep `value` for `ttl` seconds."""
        ...


class _Cached(BaseModel):
    """A rate as it stands in the cache."""

    model_config = ConfigDict(frozen=True)

    rub: Decimal = Field(gt=0)
    source: str
    fetched_at: AwareDatetime


class RubRates:
    """Implements ports.LateRates; `constants` are the operator's own rates for when nothing better is known.

    All sources are asked at once, in the order of preference, and each asset is judged by itself: what a source says
    of one can't spoil the other, and what it says of one asset is held against what the others say.
    """

    def __init__(
        self,
        sources: Sequence[RateSource],
        cache: RateCache,
        clock: Clock,
        constants: Mapping[Asset, Decimal],
        history: RateHistory,
        chart: RateChart,
    ) -> None:
        self._sources = sources
        self._cache = cache
        self._clock = clock
        self._constants = constants
        self._history = history
        self._chart = chart
        self._good: dict[Asset, Rate] = {}
        self._ask_at: dict[str, datetime] = {}
        self._failing: set[str] = set()
        self._chart_at: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    async def of(self, asset: Asset) -> Rate:
        """Rubles for one: at most 60 s old; if no source answers well, at most 5 min old; then the constant.

        Callers that come together wait for one round of questions, unless something usable is known.
        """
        now = self._clock.now()
        known = self._good.get(asset)
        if known and (_age(known, now) < FRESH or (self._one_at_a_time.locked() and _age(known, now) <= USABLE)):
            return known
        async with self._one_at_a_time:
            await self._learn((asset,), FRESH)
            good = self._good.get(asset)
            if good and _age(good, now) <= USABLE:
                return good
            return Rate(self._constants[asset], CONSTANT_SOURCE, now)

    async def refresh(self) -> None:
        """Keep fresh rates at hand, so that no customer has to wait for one."""
        async with self._one_at_a_time:
            await self._learn(tuple(Asset), ASKED_ANEW)

    async def cover(self, asset: Asset, since: datetime, until: datetime) -> None:
        """Have a rate noted for each ten minutes between, as far as the chart knows of one."""
        now = self._clock.now()
        if self._chart_at is not None and now < self._chart_at:
            return
        hole = await self._history.hole(asset, since - NEAR, until, NEAR)
        if hole is None:
            return
        today = await self.of(asset)
        try:
            points = await self._chart.points(asset, *hole)
        except ChainUnavailable as error:
            log.warning("rate_chart_failed", pair=asset.pair, reason=str(error))
            self._chart_at = now + _CHART_AGAIN_AFTER
            return
        kept = [Rate(rub, CHART_SOURCE, at) for at, price in points if (rub := storable(price)) and at <= now]
        near = [rate for rate in kept if abs(rate.rub - today.rub) <= today.rub * _BIGGEST_DRIFT]
        if near:
            await self._history.note(asset, near)
        else:
            self._chart_at = now + _CHART_AGAIN_AFTER
        log.info("rates_learned_from_chart", pair=asset.pair, points=len(near), dropped=len(points) - len(near))

    async def forget(self) -> None:
        """Drop what is older than any late transfer may be valued by."""
        await self._history.prune(self._clock.now() - KEPT)

    async def _learn(self, assets: Iterable[Asset], oldest: timedelta) -> None:
        """Have rates younger than `oldest`, from the cache or from the sources."""
        now = self._clock.now()
        wanted = [asset for asset in assets if not await self._is_known(asset, now, oldest)]
        if not wanted:
            return
        told = await self._asked(now)
        for asset in Asset:
            prices = {name: rub for name, said in told.items() if (rub := storable(said.get(asset)))}
            if prices:
                await self._judge(asset, prices, now)

    async def _is_known(self, asset: Asset, now: datetime, oldest: timedelta) -> bool:
        good = self._good.get(asset)
        if good is None or _age(good, now) >= oldest:
            cached = _parsed(await self._cache.get_cached(KEYS[asset]), now)
            if cached and (good is None or cached.fetched_at > good.fetched_at):
                self._good[asset] = good = cached
        return good is not None and _age(good, now) < oldest

    async def _judge(self, asset: Asset, prices: Mapping[str, Decimal], now: datetime) -> None:
        last = self._good.get(asset)
        recent = last.rub if last and _age(last, now) <= BELIEVED else None
        source = believable(prices, recent)
        if source is None:
            log.warning("rate_jump_not_believed", pair=asset.pair, sources=sorted(prices))
            return
        rate = Rate(prices[source], source, now)
        self._good[asset] = rate
        await self._cache.set_cache(KEYS[asset], _written(rate), BELIEVED // timedelta(seconds=1))
        await self._history.note(asset, [rate])

    async def _asked(self, now: datetime) -> dict[str, Mapping[Asset, Decimal]]:
        """What every source says that may be asked now."""
        due = [source for source in self._sources if self._ask_at.get(source.name, now) <= now]
        answers = await asyncio.gather(*(self._answer(source, now) for source in due))
        return {source.name: answer for source, answer in zip(due, answers, strict=True) if answer is not None}

    async def _answer(self, source: RateSource, now: datetime) -> Mapping[Asset, Decimal] | None:
        self._ask_at[source.name] = now + _ASK_AGAIN_AFTER
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                prices = await source.prices()
        except (RateUnavailable, ChainUnavailable, TimeoutError) as error:
            if source.name not in self._failing:
                log.warning("rate_source_failed", source=source.name, reason=str(error) or type(error).__name__)
            self._failing.add(source.name)
            return None
        if source.name in self._failing:
            log.info("rate_source_recovered", source=source.name)
        self._failing.discard(source.name)
        return prices


def _age(rate: Rate, now: datetime) -> timedelta:
    return now - rate.fetched_at


def _written(rate: Rate) -> str:
    return json.dumps({"rub": str(rate.rub), "source": rate.source, "fetched_at": rate.fetched_at.isoformat()})


def _parsed(text: str | None, now: datetime) -> Rate | None:
    """A cached rate; None for one that is unreadable or from the future, as if it were not there."""
    if text is None:
        return None
    try:
        cached = _Cached.model_validate_json(text)
    except ValidationError:
        log.warning("cached_rate_unreadable")
        return None
    return Rate(cached.rub, cached.source, cached.fetched_at) if cached.fetched_at <= now else None
