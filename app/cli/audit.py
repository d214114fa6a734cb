"""The command that proves the books and compares the panels. Owns no rule and repairs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import panel_table, with_stores
from app.clients import open_panels
from app.clock import open_clock
from app.panels.inspection import PanelInspector
from app.repo.audit import INVARIANTS, Break, examined
from app.repo.oversight import OversightRepository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.panels.inspection import PanelFinding
    from app.stores import Stores
    from config import Settings

CLEAN, BROKEN, UNSEEN = 0, 1, 2


def register(app: typer.Typer) -> None:
    """Add audit."""
    app.command()(audit)


def audit(
    panels: Annotated[bool, typer.Option("--panels/--no-panels", help="Compare the panels' users too.")] = True,
) -> None:
    """Prove that ledger, balances, payments, subscriptions and panels agree.

    Exit code 0 where they do, 1 where they don't, 2 where something could not be looked at.
    """

    async def work(settings: Settings, stores: Stores) -> tuple[list[Break], list[PanelFinding]]:
        return await examined(stores.database), (await _census(settings, stores) if panels else [])

    broken, findings = with_stores(work)
    for line in (*_book_lines(broken), *_panel_lines(findings)):
        print(line)
    count = len(broken) + sum(len(finding.differences) for finding in findings)
    unseen = sum(finding.unseen is not None for finding in findings)
    if count:
        print(f"{count} broken.")
    elif unseen:
        print(f"{unseen} panels could not be looked at.")
    else:
        print("The books are right.")
    raise typer.Exit(BROKEN if count else UNSEEN if unseen else CLEAN)


async def _census(settings: Settings, stores: Stores) -> list[PanelFinding]:
    """The panels in service, and those out of it that configs still stand on."""
    panels = panel_table(settings, stores)
    configs = OversightRepository(stores.database)
    in_use = {config.instance_id for config in await configs.standing()}
    wanted = [access for access, active in await panels.listing() if active or access.instance_id in in_use]
    clock = open_clock(settings.clock_offset_file)
    async with open_panels(settings, panels, clock) as clients:
        return await PanelInspector(clients).census(wanted, configs, clock.now())


def _book_lines(broken: Sequence[Break]) -> Iterable[str]:
    for invariant in INVARIANTS:
        rows = [each for each in broken if each.invariant == invariant]
        yield f"{'BROKEN' if rows else 'ok':7} {invariant}"
        yield from (f"        {each.row}: {each.what}" for each in rows)


def _panel_lines(findings: Iterable[PanelFinding]) -> Iterable[str]:
    for finding in findings:
        title = f"panel {finding.instance_id} has what it should, and nothing else of ours"
        if finding.unseen is not None:
            yield f"{'UNSEEN':7} {title}: {finding.unseen}"
            continue
        yield f"{'BROKEN' if finding.differences else 'ok':7} {title} ({finding.users} users)"
        told = sorted(finding.differences, key=lambda each: each.username)
        yield from (f"        {each.username}: {each.what}" for each in told)
