"""The command that answers "where is my money": all that the books know of one person. Changes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import with_stores
from app.cli.words import CustomerId, shown
from app.repo.dossier import DossierRepository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.services.dossier import Dossier, Line
    from app.stores import Stores
    from config import Settings

LISTED = 30


def register(app: typer.Typer) -> None:
    """Add account."""
    app.command()(account)


def account(
    tg_id: CustomerId,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many rows of each kind.")] = LISTED,
) -> None:
    """Show a person's balance with its ledger, invoices, receipts, purchases and what operators did."""

    async def work(_settings: Settings, stores: Stores) -> Dossier | None:
        return await DossierRepository(stores.database).of(tg_id, last)

    dossier = with_stores(work)
    if dossier is None:
        print(f"There is no account {tg_id}.", file=sys.stderr)
        raise typer.Exit(1)
    for line in _lines(dossier):
        print(line)


def _lines(dossier: Dossier) -> Iterable[str]:
    at = f" @{shown(dossier.username)}" if dossier.username else ""
    yield f"account {dossier.tg_id}  {shown(dossier.name)}{at}  since {dossier.created_at:%Y-%m-%d}"
    until = f"{dossier.subscription_end:%Y-%m-%d %H:%M} UTC" if dossier.subscription_end else "never had one"
    yield f"balance {dossier.balance} RUB  subscription until: {until}"
    if dossier.is_banned:
        yield "shut out"
    if dossier.gone_at is not None:
        yield f"blocked the bot, {dossier.gone_at:%Y-%m-%d %H:%M} UTC"
    for title, lines in dossier.parts.items():
        if lines:
            yield f"\n{title}"
            yield from (_row(line) for line in lines)


def _row(line: Line) -> str:
    amount = "" if line.amount is None else f"{line.amount}"
    return f"  {line.at:%Y-%m-%d %H:%M:%S}  {amount:>10}  {shown(line.name)}  {shown(line.state)}"
