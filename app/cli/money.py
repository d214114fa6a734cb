"""Commands about money by hand: list what waits, give it to an account, set it aside, put a balance right."""

from __future__ import annotations

import os
import pwd
import re
import sys
import uuid
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cli.context import with_stores
from app.cli.words import CustomerId, money_line, sum_of
from app.clock import open_clock
from app.domain.money import Money
from app.domain.rates import NEAR
from app.repo.bonuses import Bonuses
from app.repo.rates import RateRepository
from app.repo.waiting import WaitingRepository
from app.services.operators import (
    Adjustment,
    OperatorDesk,
    ReceivedMoney,
    Refusal,
    Refused,
    Worth,
    worth_as_told,
    worth_of,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from decimal import Decimal

    from app.domain.assets import Asset
    from app.stores import Stores
    from config import Settings

Result = TypeVar("Result")

WORDS = {
    Refusal.UNKNOWN: "Nothing of that reference has come in. ./orbit unmatched lists what waits.",
    Refusal.AMBIGUOUS: "More than one begins so: give a longer piece of the reference.",
    Refusal.CREDITED: "It is credited already: nothing has changed.",
    Refusal.DISMISSED: "It was set aside before: nothing has changed.",
    Refusal.REFUNDED: "It was given back, or is being given back: it can't be credited too.",
    Refusal.NO_ACCOUNT: "There is no such account. The customer has to press Start in the bot first.",
    Refusal.OTHERS: "It came for somebody else's invoice: it can only be given to whom that belongs.",
    Refusal.NO_WORTH: "What it is worth in rubles is not known here, or is nothing: say it with --rubles.",
    Refusal.TOO_LITTLE: "The balance is smaller than that, and none goes below zero. Nothing has changed.",
    Refusal.KEY_USED: "This --key belongs to another adjustment. Nothing has changed.",
}
SUM = re.compile(r"([+-]?)([0-9]{1,7}(?:[.,][0-9]{1,2})?)", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def register(app: typer.Typer) -> None:
    """Add unmatched, assign, dismiss, adjust."""
    app.command()(unmatched)
    app.command()(assign)
    app.command()(dismiss)
    # A debit begins with a minus, which is no option.
    app.command(context_settings={"ignore_unknown_options": True})(adjust)


def unmatched() -> None:
    """List the money that came in and could be credited to nobody."""

    async def work(_settings: Settings, stores: Stores) -> Sequence[ReceivedMoney]:
        return await _store(_settings, stores).waiting()

    waiting = with_stores(work)
    for money in waiting:
        print(money_line(money))
    print(f"{len(waiting)} waiting: ./orbit assign REFERENCE TELEGRAM_ID" if waiting else "Nothing waits.")


def assign(
    reference: Annotated[str, typer.Argument(help="What `unmatched` shows first, such as ton:3f9a17c0b2de.")],
    tg_id: CustomerId,
    rubles: Annotated[str | None, typer.Option(help="What it is worth, where that is not to be reckoned.")] = None,
    yes: Yes = False,
) -> None:
    """Give money that waits to an account, once and for ever."""
    told = _rubles(rubles) if rubles is not None else None

    async def work(settings: Settings, stores: Stores, desk: OperatorDesk) -> str:
        money = await desk.find(reference)
        before = await desk.may_have(money, tg_id)
        worth = worth_as_told(money, told) if told else await _worth(settings, stores, money)
        if worth is None or worth.amount.kopecks <= 0:
            raise Refused(Refusal.NO_WORTH)
        rate = f" at {worth.rate} RUB" if worth.rate is not None else ""
        after = before + worth.amount
        print(f"{money_line(money)}\nreference {money.reference}")
        print(f"{sum_of(money)}{rate} brings account {tg_id} {worth.amount} RUB: {before} becomes {after}.")
        _ask("Credit it?", yes=yes)
        return f"Credited. The balance of {tg_id} is {await desk.assign(money, tg_id, worth)} RUB."

    print(_at_the_desk(work))


def dismiss(
    reference: Annotated[str, typer.Argument(help="What `unmatched` shows first.")],
    reason: Annotated[str, typer.Option(help="Why it is no customer's money, for those who come after you.")],
    yes: Yes = False,
) -> None:
    """Set aside what is no customer's money: it stays recorded, and is listed no more."""

    async def work(_settings: Settings, _stores: Stores, desk: OperatorDesk) -> str:
        money = await desk.find(reference)
        print(money_line(money))
        _ask("Set it aside?", yes=yes)
        await desk.dismiss(money, reason_of(reason))
        return "Set aside."

    print(_at_the_desk(work))


def adjust(
    tg_id: CustomerId,
    amount: Annotated[str, typer.Argument(help="How many rubles to add or take: +100, -49.50.")],
    reason: Annotated[str, typer.Option(help="Why, for those who come after you.")],
    key: Annotated[str | None, typer.Option(help="Names this adjustment: the same key again changes nothing.")] = None,
    tell: Annotated[bool, typer.Option("--tell/--silent", help="Whether the customer is told.")] = True,
    yes: Yes = False,
) -> None:
    """Change a balance by a sum, with a reason; never below zero, and once for each key."""
    if key is not None and not KEY.fullmatch(key):
        raise typer.BadParameter("a key is up to 64 letters, digits, dots, dashes and underscores")
    wish = Adjustment(tg_id, _change(amount), reason_of(reason), key or uuid.uuid4().hex, tell)

    async def work(_settings: Settings, _stores: Stores, desk: OperatorDesk) -> str:
        print(f"Account {tg_id}: {wish.amount} RUB, because {wish.reason} (key {wish.key}).")
        _ask("Change the balance?", yes=yes)
        return f"The balance of {tg_id} is {await desk.adjust(wish)} RUB."

    print(_at_the_desk(work))


def _at_the_desk(work: Callable[[Settings, Stores, OperatorDesk], Awaitable[Result]]) -> Result:
    async def opened(settings: Settings, stores: Stores) -> Result:
        desk = OperatorDesk(_store(settings, stores), open_clock(settings.clock_offset_file), operator())
        return await work(settings, stores, desk)

    try:
        return with_stores(opened)
    except Refused as refused:
        print(WORDS[refused.refusal], file=sys.stderr)
        raise typer.Exit(1) from None


def _store(settings: Settings, stores: Stores) -> WaitingRepository:
    bonuses = Bonuses(settings.referral_trigger, settings.referral_bonus)
    return WaitingRepository(stores.database, stores.cache, bonuses)


def operator() -> str:
    """Who runs this command, by the account of the machine."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER")
    return f"{behind} as {name}" if behind and behind != name else name


async def _worth(settings: Settings, stores: Stores, money: ReceivedMoney) -> Worth | None:
    rate = None if money.chain_asset is None else await _rate_now(settings, stores, money.chain_asset)
    return worth_of(money, rate, settings.telegram_stars_rate)


async def _rate_now(settings: Settings, stores: Stores, asset: Asset) -> Decimal | None:
    """Rubles for one of the asset, as the running bot has learned it; None where it did not of late."""
    rate = await RateRepository(stores.database).newest(asset)
    now = open_clock(settings.clock_offset_file).now()
    return rate.rub if rate is not None and now - rate.fetched_at <= NEAR else None


def _ask(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _change(text: str) -> Money:
    match = SUM.fullmatch(text)
    amount = Money.rub(match.group(2).replace(",", ".")) if match else Money(0)
    if match is None or not match.group(1) or amount.kopecks == 0:
        raise typer.BadParameter("say by how much with a sign, such as +100 or -49.50: a balance is never set")
    return -amount if match.group(1) == "-" else amount


def _rubles(text: str) -> Money:
    match = SUM.fullmatch(text)
    if match is None or match.group(1):
        raise typer.BadParameter("rubles are written as 400 or 400.50")
    return Money.rub(match.group(2).replace(",", "."))


def reason_of(text: str) -> str:
    """The operator's words in one line; BadParameter where they are none or too many."""
    reason = " ".join(text.split())
    if not reason or len(reason) > 200 or not reason.isprintable():
        raise typer.BadParameter("give a reason of 1 to 200 characters")
    return reason
