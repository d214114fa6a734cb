"""The command that lists what was paid and not delivered. Changes nothing, and holds no rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import with_stores
from app.cli.words import shown
from app.clock import open_clock
from app.repo.deliveries import DeliveryRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.deliveries import Undelivered
    from app.stores import Stores
    from config import Settings

LISTED = 200
MINUTE = timedelta(minutes=1)


def register(app: typer.Typer) -> None:
    """Add `undelivered`."""
    app.command()(undelivered)


def undelivered(
    minutes: Annotated[int, typer.Option(min=0, help="Who has waited so long or longer.")] = 5,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines.")] = LISTED,
) -> None:
    """List what was paid and not delivered: who waits for a config and has none that works.

    Each line says for how long, on which panel, why, and what becomes of the price.
    """

    async def work(settings: Settings, stores: Stores) -> tuple[Sequence[Undelivered], datetime, int]:
        now = open_clock(settings.clock_offset_file).now()
        repository = DeliveryRepository(stores.database, stores.cache)
        return await repository.listing(now - minutes * MINUTE, last), now, settings.delivery_timeout_hours

    waiting, now, hours = with_stores(work)
    for each in waiting:
        print(_line(each, now, each.since + timedelta(hours=hours)))
    if not waiting:
        print("Everybody has what they paid for.")


def _line(each: Undelivered, now: datetime, returned_at: datetime) -> str:
    waits = f"{(now - each.since) // MINUTE} min"
    sold = f"{each.reference} {each.plan_key} {each.price} RUB" if each.reference else "trial or given days, 0 RUB"
    reason = shown(each.reason) if each.reason else "no failure yet"
    where = f"panel {each.instance_id or 'none'}, {each.attempts} attempts"
    return f"person {each.owner}  {sold}  waits {waits}  {where}: {reason}  {_outcome(each, returned_at)}"


def _outcome(each: Undelivered, returned_at: datetime) -> str:
    if each.is_returned_in_time:
        return f"(goes back at {returned_at:%Y-%m-%d %H:%M} UTC)"
    if each.reference is None:
        return "(nothing to give back)"
    return "(was used for a while: yours to decide)" if each.is_used else "(a gift: yours to decide)"
