"""The command that proves the books; the proof itself is repo/audit.py's, and nothing is changed or repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from app.cli.context import with_stores
from app.repo.audit import Break, breaks

if TYPE_CHECKING:
    from app.stores import Stores
    from config import Settings


def register(app: typer.Typer) -> None:
    """Add audit."""
    app.command()(audit)


def audit() -> None:
    """Prove that ledger, balances, payments and subscriptions agree; exit code 1 where they don't."""
    found = with_stores(_breaks)
    for each in found:
        print(f"{each.invariant}: {each.row}: {each.what}")
    print(f"{len(found)} broken." if found else "The books are right.")
    raise typer.Exit(1 if found else 0)


async def _breaks(_settings: Settings, stores: Stores) -> list[Break]:
    return await breaks(stores.database)
