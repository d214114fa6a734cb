"""How the operator's commands write what they show. Holds no rule and asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.domain.assets import format_units
from app.domain.ton import TonAddress

if TYPE_CHECKING:
    from app.services.operators import ReceivedMoney

# Twelve digits of a hash name a transfer among many millions.
SHORT_HASH = 12

CustomerId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="The customer's Telegram id.")]


def shown(text: str) -> str:
    """A stranger's text, kept from steering the operator's terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def quoted(comment: str | None) -> str:
    """A comment in quotes, or that there is none."""
    return "without a comment" if comment is None else f'"{shown(comment)}"'


def friendly(source: str | None) -> str:
    """An address as wallets write it."""
    try:
        return TonAddress.parse(source or "").friendly()
    except ValueError:
        return shown(source or "nobody")


def short_reference(money: ReceivedMoney) -> str:
    """The reference that `assign` takes, cut to what is needed."""
    return money.reference if money.chain_asset is None else f"{money.gateway}:{money.key[:SHORT_HASH]}"


def sum_of(money: ReceivedMoney) -> str:
    """How much came in, in its own unit."""
    if money.chain_asset is not None:
        return f"{format_units(money.chain_asset, money.amount)} {money.chain_asset.label}"
    match money.asset:
        case "XTR":
            return f"{money.amount} Stars"
        case "RUB":
            return f"{money.amount // 100}.{money.amount % 100:02d} RUB"
    return f"{money.amount} units of {shown(money.asset)}"


def money_line(money: ReceivedMoney) -> str:
    """One row of waiting money."""
    line = f"{short_reference(money)}  {money.at:%Y-%m-%d %H:%M:%S}  {sum_of(money):>20}"
    if money.chain_asset is not None:
        line += f"  from {friendly(money.source)}  {money.verdict}  {quoted(money.comment)}"
    return line if money.owner is None else f"{line}  invoice of {money.owner}"
