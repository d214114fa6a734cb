"""Owns the answers of /v2/rates; must not know where the sandbox's rate comes from."""

from collections.abc import Iterable
from decimal import Decimal

_RUB_FOR_ONE = {
    "rub": Decimal(1),
    "usd": Decimal(80),
    "eur": Decimal(92),
    "uah": Decimal("1.9"),
    "kzt": Decimal("0.15"),
    "cny": Decimal(11),
}
_COINS = frozenset({"ton", "gram"})


def table(
    coin_rub: Decimal, tokens: Iterable[str], currencies: Iterable[str], known: Iterable[str]
) -> dict[str, object]:
    """Write prices under the names asked for, upper-cased; ValueError for a currency nobody quotes."""
    wanted = list(currencies)
    for currency in wanted:
        if currency.lower() not in _RUB_FOR_ONE.keys() | _COINS:
            raise ValueError(f"invalid currency: {currency}")
    return {
        token.upper(): _quote(coin_rub if token.lower() in known else Decimal(0), coin_rub, wanted) for token in tokens
    }


def _quote(token_rub: Decimal, coin_rub: Decimal, currencies: list[str]) -> dict[str, object]:
    # tonapi writes prices as JSON numbers; this edge is the only place where a price becomes a float.
    prices = {name.upper(): float(_price(token_rub, coin_rub, name.lower())) for name in currencies}
    return {"prices": prices, "diff_24h": dict.fromkeys(prices, "+0.00%")}


def _price(token_rub: Decimal, coin_rub: Decimal, currency: str) -> Decimal:
    unit = coin_rub if currency in _COINS else _RUB_FOR_ONE[currency]
    return token_rub / unit if unit else Decimal(0)
