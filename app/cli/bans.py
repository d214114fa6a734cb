"""Commands that shut people out and let them in again, and the list of who is out. Holds no rule."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cli.context import with_stores
from app.cli.money import operator, reason_of
from app.cli.words import CustomerId, shown
from app.clock import open_clock
from app.repo.bans import BanRepository
from app.services.bans import Bans

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from app.services.bans import Ban
    from app.stores import Stores
    from config import Settings

Result = TypeVar("Result")
MOST_DAYS = 3650


def register(app: typer.Typer) -> None:
    """Add ban, unban, bans."""
    app.command()(ban)
    app.command()(unban)
    app.command()(bans)


def ban(
    tg_id: CustomerId,
    reason: Annotated[str, typer.Option(help="Why: the customer reads it as you write it.")],
    days: Annotated[int | None, typer.Option(min=1, max=MOST_DAYS, help="For how long; without, for good.")] = None,
) -> None:
    """Shut somebody out; they read the reason, and can still write to support."""
    words = reason_of(reason)
    if not _with_bans(lambda bans: bans.ban(tg_id, words, operator(), days)):
        print(f"There is no account {tg_id}.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{tg_id} is shut out {'for good' if days is None else f'for {days} days'}.")


def unban(tg_id: CustomerId) -> None:
    """Let somebody in again."""
    if not _with_bans(lambda bans: bans.lift(tg_id)):
        print(f"{tg_id} is not banned.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{tg_id} is let in again.")


def bans() -> None:
    """List who is shut out, why, by whom and until when."""
    standing: Sequence[Ban] = _with_bans(lambda bans: bans.standing())
    for each in standing:
        print(_line(each))
    print(f"{len(standing)} shut out." if standing else "Nobody is shut out.")


def _line(each: Ban) -> str:
    until = "for good" if each.until is None else f"until {each.until:%Y-%m-%d %H:%M} UTC"
    by = f"  by {shown(each.who)}" if each.who else ""
    return f"{each.tg_id}  {shown(each.name)}  {each.at:%Y-%m-%d} {until}{by}: {shown(each.reason)}"


def _with_bans(work: Callable[[Bans], Awaitable[Result]]) -> Result:
    async def opened(settings: Settings, stores: Stores) -> Result:
        clock = open_clock(settings.clock_offset_file)
        return await work(Bans(BanRepository(stores.database, stores.cache), clock))

    return with_stores(opened)
