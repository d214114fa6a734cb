"""Commands that empty a panel, compare panels with the configs on them, and show how they are. Own no rule."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import panel_table, with_stores
from app.clients import open_panels
from app.clock import open_clock
from app.panels.sweep_by_hand import SweepReport, hand_sweep
from app.repo.upkeep import UpkeepRepository
from app.upkeep import silence

if TYPE_CHECKING:
    from app.services.upkeep_records import PanelState
    from app.stores import Stores
    from config import Settings

# What was found, in the order and the words in which it is told; the rest of the line says what became of it.
FOUND = {
    "missing": "configs had no user, to be made again",
    "ends": "users had another end, to be set",
    "limits": "users had another traffic limit, set",
    "leftovers": "users of ours should not be here, to be removed",
    "disabled": "users were disabled by hand, left so",
    "unmarked": "users lost our mark, left so",
    "unknown": "users bear our mark and are unknown here, left so",
}


def add_to(group: typer.Typer) -> None:
    """Add `panels drain|state|sweep`."""
    group.command("drain")(drain)
    group.command("state")(state)
    group.command("sweep")(sweep)


def drain(instance_id: str) -> None:
    """Let a panel take no new configs, and have the running bot move those it has to other panels."""

    async def work(settings: Settings, stores: Stores) -> list[PanelState]:
        if not await panel_table(settings, stores).switch(instance_id, active=False, keeps=False):
            return []
        states = await UpkeepRepository(stores.database).states(silence_began(settings))
        return [panel for panel in states if panel.instance_id == instance_id]

    for panel in with_stores(work):
        print(f"Panel {instance_id} is off, and its {panel.leaving} configs move to others: ./orbit panels state")
        return
    print(f"There is no panel {instance_id}.", file=sys.stderr)
    raise typer.Exit(1)


def state() -> None:
    """Show what stands on each panel, what still has to leave it, and how it was lately."""

    async def work(settings: Settings, stores: Stores) -> list[PanelState]:
        return await UpkeepRepository(stores.database).states(silence_began(settings))

    print(f"{'panel':12} {'service':9} {'configs':>8} {'to move':>8} {'to remove':>9}  lately")
    for panel in with_stores(work):
        service = "active" if panel.is_active else "off" if panel.keeps_configs else "draining"
        numbers = f"{panel.standing:8} {panel.leaving:8} {panel.leftovers:9}"
        print(f"{panel.instance_id:12} {service:9} {numbers}  {_lately(panel)}")


def sweep(
    instance_id: Annotated[str | None, typer.Argument(help="A panel; without it all of them.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what differs.")] = False,
    every: Annotated[bool, typer.Option("--all", help="However much differs, as after a restored copy.")] = False,
) -> None:
    """Compare panels with the configs on them, both ways, and put right what is ours. The running bot carries it out.

    Exit code 1 where a panel could not be compared to the end.
    """

    async def work(settings: Settings, stores: Stores) -> list[SweepReport]:
        panels = panel_table(settings, stores)
        wanted = [access for access, _ in await panels.listing() if instance_id in {None, access.instance_id}]
        clock, upkeep = open_clock(settings.clock_offset_file), UpkeepRepository(stores.database)
        limit, is_bounded = settings.data_limit_bytes, not every and not dry_run
        async with open_panels(settings, panels, clock) as clients:
            sweeper = hand_sweep(upkeep, panels, clients, clock, limit, acts=not dry_run, is_bounded=is_bounded)
            return [await sweeper.whole(access) for access in wanted]

    reports = with_stores(work)
    if not reports:
        print(f"There is no panel {instance_id}.", file=sys.stderr)
        raise typer.Exit(1)
    for report in reports:
        seen = f"{report.counts.get('configs', 0)} configs, {report.counts.get('users', 0)} users"
        print(f"{report.instance_id:12} {seen}{f'; NOT FINISHED: {report.stopped}' if report.stopped else ''}")
        for name, words in FOUND.items():
            if count := report.counts.get(name):
                print(f"{count:>12} {words.partition(',')[0] if dry_run else words}")
    raise typer.Exit(any(report.stopped for report in reports))


def silence_began(settings: Settings) -> datetime | None:
    """Since when a panel must have been silent to be left; None where none is left for that."""
    span = silence(settings)
    return None if span is None else open_clock(settings.clock_offset_file).now() - span


def _lately(panel: PanelState) -> str:
    words = [f"silent since {panel.silent_since.astimezone(UTC):%Y-%m-%d %H:%M}"] if panel.silent_since else []
    if panel.stopped:
        words.append(f"sweep stopped ({panel.stopped})")
    if panel.swept_at:
        found = [f"{panel.counts[name]} {name}" for name in FOUND if panel.counts.get(name)]
        words.append(f"swept {panel.swept_at.astimezone(UTC):%Y-%m-%d %H:%M}: {', '.join(found) or 'all as it should'}")
    return "; ".join(words)
