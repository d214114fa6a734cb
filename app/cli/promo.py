"""Commands for promo codes: make one, list them, end one. What is wrong with the input is said in one line."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import with_stores
from app.clock import open_clock
from app.core.bot import make_bot, name_of
from app.core.outgoing import OutgoingPolicy
from app.domain.money import Money, parse_amount
from app.domain.promo import PromoKind, Terms, new_code, normal_form
from app.repo.promo_desk import PromoDeskRepository
from app.services.promos import NewPromo, PromoReport

if TYPE_CHECKING:
    from app.stores import Stores
    from config import Settings

MOST_PERCENT = 99
MOST_RUBLES = Money.rub(100_000)
MOST_DAYS = 3660
MOST_USES = 1_000_000
ANSWER_SECONDS = 10
UNITS = {PromoKind.PERCENT: "% off", PromoKind.BALANCE: " RUB", PromoKind.DAYS: " days"}


class BadInput(Exception):
    """What an operator typed and can't be meant; the text is for them."""


def register(app: typer.Typer) -> None:
    """Add `promo add|list|stop`."""
    group = typer.Typer(help="Promo codes: make one, list them, end one.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(listing)
    group.command("stop")(stop)
    app.add_typer(group, name="promo")


def add(
    code: Annotated[str | None, typer.Argument(help="The code; without one, one that nobody can guess.")] = None,
    percent: Annotated[str | None, typer.Option(help="Percent off the next purchase, 1 to 99.")] = None,
    rubles: Annotated[str | None, typer.Option(help="Rubles to the balance.")] = None,
    days: Annotated[str | None, typer.Option(help="Days of subscription.")] = None,
    uses: Annotated[str | None, typer.Option(help="How often in all; without it, any number.")] = None,
    per_person: Annotated[str, typer.Option(help="How often by one person.")] = "1",
    since: Annotated[str | None, typer.Option("--from", help="2026-12-01 or 2026-12-01T12:00, UTC.")] = None,
    until: Annotated[str | None, typer.Option(help="The end, which is outside.")] = None,
    first_purchase: Annotated[bool, typer.Option("--first-purchase", help="For who has bought nothing yet.")] = False,
) -> None:
    """Make a promo code and print its link."""
    try:
        kind, value = _gives(percent, rubles, days)
        terms = Terms(
            most_uses=None if uses is None else _whole(uses, MOST_USES, "--uses"),
            per_person=_whole(per_person, MOST_USES, "--per-person"),
            valid_from=_instant(since, "--from"),
            valid_until=_instant(until, "--until"),
            first_purchase=first_purchase,
        )
        if terms.valid_from is not None and terms.valid_until is not None and terms.valid_from >= terms.valid_until:
            raise BadInput("--from must be earlier than --until")
        promo = NewPromo(new_code() if code is None else _code(code), kind, value, terms)
    except BadInput as problem:
        print(problem, file=sys.stderr)
        raise typer.Exit(2) from None

    async def work(settings: Settings, stores: Stores) -> tuple[bool, str | None]:
        is_new = await _desk(stores).add(promo, open_clock(settings.clock_offset_file).now())
        return is_new, await _username(settings) if is_new else None

    is_new, username = with_stores(work)
    if not is_new:
        print(f"There is already a code {promo.code}.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{promo.code}: {_gift(promo)}{_limits(promo)}")
    link = f"?start=promo_{promo.code}"
    print(f"https://t.me/{username}{link}" if username else f"Telegram does not answer; the link ends in {link}")


def listing() -> None:
    """Show every code: how often it is used, how many discounts wait, and what it has given."""

    async def work(settings: Settings, stores: Stores) -> tuple[list[PromoReport], datetime]:
        return await _desk(stores).listing(), open_clock(settings.clock_offset_file).now()

    reports, now = with_stores(work)
    for report in reports:
        print(_line(report, now))
    if not reports:
        print("No codes yet.")


def stop(code: str) -> None:
    """End a code at once; discounts by it that wait for a purchase end, too."""
    normal = normal_form(code)

    async def work(settings: Settings, stores: Stores) -> bool:
        return normal is not None and await _desk(stores).stop(normal, open_clock(settings.clock_offset_file).now())

    if not with_stores(work):
        print("There is no such code.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{normal} is ended.")


def _desk(stores: Stores) -> PromoDeskRepository:
    return PromoDeskRepository(stores.database, stores.cache)


async def _username(settings: Settings) -> str | None:
    bot = make_bot(settings, OutgoingPolicy())
    try:
        return await name_of(bot, ANSWER_SECONDS)
    finally:
        await bot.session.close()


def _gives(percent: str | None, rubles: str | None, days: str | None) -> tuple[PromoKind, Decimal]:
    if sum(option is not None for option in (percent, rubles, days)) != 1:
        raise BadInput("name exactly one of --percent, --rubles and --days")
    if percent is not None:
        return PromoKind.PERCENT, Decimal(_whole(percent, MOST_PERCENT, "--percent"))
    if days is not None:
        return PromoKind.DAYS, Decimal(_whole(days, MOST_DAYS, "--days"))
    amount = parse_amount(rubles or "", Money(1), MOST_RUBLES)
    if amount is None:
        raise BadInput(f"--rubles must be a sum up to {MOST_RUBLES}")
    return PromoKind.BALANCE, amount.decimal


def _whole(typed: str, most: int, option: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", typed, re.ASCII) or not 1 <= int(typed) <= most:
        raise BadInput(f"{option} must be a whole number from 1 to {most}")
    return int(typed)


def _instant(typed: str | None, option: str) -> datetime | None:
    if typed is None:
        return None
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise BadInput(f"{option} must be a day or a moment: 2026-12-01 or 2026-12-01T12:00") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _code(typed: str) -> str:
    code = normal_form(typed)
    if code is None:
        raise BadInput("a code is 3 to 32 Latin letters and digits")
    return code


def _gift(promo: NewPromo) -> str:
    return f"{Money.rub(promo.value)}{UNITS[promo.kind]}"


def _limits(promo: NewPromo) -> str:
    terms = promo.terms
    said = [f"{terms.most_uses} uses" if terms.most_uses is not None else "any number of uses"]
    said.append(f"{terms.per_person} a person")
    if terms.valid_from is not None:
        said.append(f"from {terms.valid_from:%Y-%m-%d %H:%M} UTC")
    if terms.valid_until is not None:
        said.append(f"until {terms.valid_until:%Y-%m-%d %H:%M} UTC")
    if terms.first_purchase:
        said.append("first purchases only")
    return "".join(f", {each}" for each in said)


def _line(report: PromoReport, now: datetime) -> str:
    terms = report.promo.terms
    ended = report.is_stopped or (terms.valid_until is not None and terms.valid_until <= now)
    state = "ended" if ended else "to come" if terms.valid_from is not None and now < terms.valid_from else "valid"
    given = f"{report.days} days" if report.promo.kind is PromoKind.DAYS else f"{report.given} RUB"
    counted = f"used {report.used}, reserved {report.reserved}, given {given}"
    return f"{report.promo.code:16} {state:8} {counted}: {_gift(report.promo)}{_limits(report.promo)}"
