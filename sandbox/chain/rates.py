"""Owns the answers of /v2/rates and of its chart; must not know where the sandbox's rate comes from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

_RUB_FOR_ONE = {
    "rub": Decimal(1),
    "usd": Decimal(80),
    "eur": Decimal(92),
    "uah": Decimal("1.9"),
    "kzt": Decimal("0.15"),
    "cny": Decimal(11),
}
RUB_FOR_USD = _RUB_FOR_ONE["usd"]
_MOST_POINTS = 200
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


@dataclass(frozen=True)
class Span:
    """A stretch of time in unix seconds."""

    since: int
    until: int


def chart(
    rub_at: Callable[[int], Decimal], span: Span, points: int, currency: str, *, is_dollar: bool
) -> list[list[object]]:
    """Write moments with prices, evenly over the span; ValueError for a currency nobody quotes."""
    if currency.lower() not in _RUB_FOR_ONE:
        raise ValueError(f"invalid currency: {currency}")
    if span.until < span.since or not 1 <= points <= _MOST_POINTS:
        return []
    step = max(1, (span.until - span.since) // points)
    moments = range(span.since, span.until + 1, step)[:points]
    unit = _RUB_FOR_ONE[currency.lower()]
    return [[at, float((RUB_FOR_USD if is_dollar else rub_at(at)) / unit)] for at in moments]


def _quote(token_rub: Decimal, coin_rub: Decimal, currencies: list[str]) -> dict[str, object]:
    # tonapi writes prices as JSON numbers; this edge is the only place where a price becomes a float.
    prices = {name.upper(): float(_price(token_rub, coin_rub, name.lower())) for name in currencies}
    return {"prices": prices, "diff_24h": dict.fromkeys(prices, "+0.00%")}


def _price(token_rub: Decimal, coin_rub: Decimal, currency: str) -> Decimal:
    unit = coin_rub if currency in _COINS else _RUB_FOR_ONE[currency]
    return token_rub / unit if unit else Decimal(0)
