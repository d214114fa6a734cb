"""What a coin costs in rubles, from tonapi through a cache. Never quotes or credits, and never fails: see `ton`."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.services.ports import ChainUnavailable
from app.services.records import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.services.ports import Clock

log = structlog.get_logger(__name__)

CACHE_KEY = "rates:ton_rub"
LAST_GOOD_KEY = "rates:ton_rub:last_good"
FRESH = timedelta(seconds=60)
USABLE = timedelta(minutes=5)
BELIEVED = timedelta(hours=1)
BIGGEST_JUMP = Decimal("0.20")
CONSTANT_SOURCE = "constant"
# The coin has two names since 2026; either of them may stop being answered.
COIN_NAMES = ("ton", "gram")
_CURRENCY = "rub"
_PLACES = Decimal("0.000001")
_ASK_AGAIN_AFTER = timedelta(seconds=15)
_PATIENCE_SECONDS = 6


class RateSource(Protocol):
    """Where prices come from; raises ChainUnavailable."""

    async def rates(self, tokens: Sequence[str], currencies: Sequence[str]) -> Mapping[str, Mapping[str, Decimal]]:
        """Prices of one coin by token and currency, both in upper case; 0 for a token it does not know."""
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


class _NoGoodRate(Exception):
    """The source answered nothing that can be believed."""


class TonRates:
    """Implements ports.Rates; `constant` is the operator's own rate for when nothing better is known."""

    def __init__(self, source: RateSource, cache: RateCache, clock: Clock, constant: Decimal) -> None:
        self._source = source
        self._cache = cache
        self._clock = clock
        self._constant = constant
        self._last_good: Rate | None = None
        self._ask_at: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ton(self) -> Rate:
        """Rubles for one coin: at most 60 s old; if no source answers well, at most 5 min old; then the constant.

        A price is not believed where it is not positive, or more than 20 % away from one that was good within the
        last hour. Callers that come together wait for one question to the source.
        """
        async with self._one_at_a_time:
            now = self._clock.now()
            if known := await self._known(now):
                return known
            if self._ask_at is None or now >= self._ask_at:
                try:
                    return await self._asked(now)
                except (_NoGoodRate, ChainUnavailable, TimeoutError) as error:
                    self._note_failure(error, now)
            if self._last_good and _age(self._last_good, now) <= USABLE:
                return self._last_good
            return Rate(self._constant, CONSTANT_SOURCE, now)

    async def _known(self, now: datetime) -> Rate | None:
        """A fresh rate from this process, else from the cache."""
        if self._last_good is None or _age(self._last_good, now) >= FRESH:
            for key in (CACHE_KEY, LAST_GOOD_KEY):
                if cached := _parsed(await self._cache.get_cached(key), now):
                    self._last_good = max(filter(None, (cached, self._last_good)), key=lambda rate: rate.fetched_at)
                    break
        return self._last_good if self._last_good and _age(self._last_good, now) < FRESH else None

    async def _asked(self, now: datetime) -> Rate:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            rate = Rate(self._believable(await self._price(), now), "tonapi", now)
        if self._ask_at is not None:
            log.info("rate_source_recovered")
        self._last_good, self._ask_at = rate, None
        written = _written(rate)
        await self._cache.set_cache(CACHE_KEY, written, FRESH // timedelta(seconds=1))
        await self._cache.set_cache(LAST_GOOD_KEY, written, BELIEVED // timedelta(seconds=1))
        return rate

    async def _price(self) -> Decimal:
        for name in COIN_NAMES:
            price = (await self._source.rates([name], [_CURRENCY])).get(name.upper(), {}).get(_CURRENCY.upper())
            if price is not None and price.is_finite() and price > 0:
                return price
        raise _NoGoodRate("no_price")

    def _believable(self, price: Decimal, now: datetime) -> Decimal:
        # Six places are a millionth of a ruble, and what the database keeps: quote and credit then use one number.
        rub = price.quantize(_PLACES) if price.adjusted() < 9 else Decimal(0)
        if rub <= 0:
            raise _NoGoodRate("absurd_price")
        last = self._last_good
        if last and _age(last, now) <= BELIEVED and abs(rub - last.rub) > last.rub * BIGGEST_JUMP:
            raise _NoGoodRate("jump")
        return rub

    def _note_failure(self, error: Exception, now: datetime) -> None:
        if self._ask_at is None:
            log.warning("rate_source_failed", reason=str(error) or type(error).__name__)
        self._ask_at = now + _ASK_AGAIN_AFTER


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
