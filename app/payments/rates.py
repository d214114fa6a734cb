"""Where prices come from: tonapi, Crypto Pay, a public site. Passes on what they say and believes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import aiohttp

from app.domain.assets import Asset
from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.bounded import bounded_body
from app.payments.gateway.strict_json import NotStrictJson, read_json
from app.utils.rates import RateUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.domain.ton import TonAddress
    from app.payments.gateway.cryptopay import CryptoPay
    from app.payments.gateway.tonapi import TonApi
    from app.utils.rates import RateSource

# The coin has two names since 2026; either of them may stop being answered.
COIN_NAMES = ("ton", "gram")
_PUBLIC_IDS = {Asset.TON: "the-open-network", Asset.USDT: "tether"}
# Crypto Pay's GRAM was a jetton of that name, worth next to nothing.
_CRYPTO_PAY_CODES = {Asset.TON: "TON", Asset.USDT: "USDT"}
_SECONDS = 10
_BIGGEST_BODY = 64 * 1024


def rate_sources(
    index: TonApi, crypto_pay: CryptoPay | None, session: aiohttp.ClientSession, public_url: str
) -> Sequence[RateSource]:
    """The sources that there are, in the order of preference."""
    other: list[RateSource] = [] if crypto_pay is None else [CryptoPayPrices(crypto_pay)]
    return (TonApiPrices(index), *other, PublicPrices(session, public_url))


class TonApiPrices:
    """The coin in rubles, and the dollar by what the coin costs in both."""

    name = "tonapi"

    def __init__(self, index: TonApi) -> None:
        self._index = index

    async def prices(self) -> Mapping[Asset, Decimal]:
        """Under either name of the coin; ChainUnavailable."""
        for name in COIN_NAMES:
            said = (await self._index.rates([name], ["rub", "usd"])).get(name.upper(), {})
            rub, usd = said.get("RUB", Decimal(0)), said.get("USD", Decimal(0))
            if rub.is_finite() and rub > 0:
                crossed = {Asset.USDT: rub / usd} if usd.is_finite() and usd > 0 else {}
                return {Asset.TON: rub, **crossed}
        raise RateUnavailable("no_price")


class CryptoPayPrices:
    """What Crypto Pay reckons with, where the shop has an app there."""

    name = "cryptopay"

    def __init__(self, api: CryptoPay) -> None:
        self._api = api

    async def prices(self) -> Mapping[Asset, Decimal]:
        """Rates to the ruble that are marked as valid."""
        try:
            rates = await self._api.exchange_rates()
        except GatewayUnavailable as error:
            raise RateUnavailable(str(error)) from None
        to_rub = {rate.source: rate.rate for rate in rates if rate.is_valid and rate.target == "RUB"}
        return {asset: to_rub[code] for asset, code in _CRYPTO_PAY_CODES.items() if code in to_rub}


class PublicPrices:
    """A public site in the protocol of CoinGecko, which wants no key."""

    name = "public"

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = f"{base_url.rstrip('/')}/simple/price"

    async def prices(self) -> Mapping[Asset, Decimal]:
        """Prices of the coin and of tether in rubles."""
        try:
            said = read_json(await self._body())
        except NotStrictJson as error:
            raise RateUnavailable(str(error)) from None
        table = said if isinstance(said, dict) else {}
        return {asset: price for asset, name in _PUBLIC_IDS.items() if (price := _rub(table.get(name))) is not None}

    async def _body(self) -> bytes:
        query = {"ids": ",".join(_PUBLIC_IDS.values()), "vs_currencies": "rub,usd"}
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with self._session.get(self._url, params=query, allow_redirects=False, timeout=timeout) as response:
                if response.status != 200:
                    raise RateUnavailable(f"http_{response.status}")
                body = await bounded_body(response, _BIGGEST_BODY)
                if body is None:
                    raise RateUnavailable("answer_too_big")
                return body
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise RateUnavailable(type(error).__name__) from None


class TonApiChart:
    """Old prices by tonapi; the jetton of `usdt_master` stands for the dollar."""

    def __init__(self, index: TonApi, usdt_master: TonAddress) -> None:
        self._index = index
        self._tokens = {Asset.TON: COIN_NAMES, Asset.USDT: (usdt_master.raw,)}

    async def points(self, asset: Asset, since: datetime, until: datetime) -> Sequence[tuple[datetime, Decimal]]:
        """At most 200 moments between; ChainUnavailable."""
        for token in self._tokens[asset]:
            if points := await self._index.chart(token, "rub", since, until):
                return points
        return ()


def _rub(said: object) -> Decimal | None:
    price = said.get("rub") if isinstance(said, dict) else None
    return Decimal(price) if isinstance(price, int | Decimal) and not isinstance(price, bool) else None
