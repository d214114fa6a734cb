"""Commands for the legacy servers: what is on them, and moving it to panels. Holds no rule."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cli.context import with_stores
from app.cli.words import shown
from app.clock import open_clock
from app.domain.errors import NotFound
from app.repo.legacy import LegacyRepository
from app.services.legacy import Relocation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.services.legacy import LegacyServer
    from app.stores import Stores
    from config import Settings

Result = TypeVar("Result")


def register(app: typer.Typer) -> None:
    """Add `servers` and `servers move`."""
    group = typer.Typer(
        help="The legacy servers: list them, move what is on them to panels.", invoke_without_command=True
    )
    group.callback()(listing)
    group.command("move")(move)
    app.add_typer(group, name="servers")


def listing(context: typer.Context) -> None:
    """The legacy servers: list them, move what is on them to panels."""
    if context.invoked_subcommand is not None:
        return
    servers = _with_relocation(lambda relocation: relocation.servers())
    for server in servers:
        print(_line(server))
    if not servers:
        print("There are no legacy servers.")


def move(
    server: Annotated[int | None, typer.Option(help="Only what is on this one.")] = None,
    to: Annotated[str | None, typer.Option(help="The panel's id; without it each config goes to the best.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many configs at most, this time.")] = 1_000_000,
) -> None:
    """Move configs to panels; the running bot makes them there and tells their owners.

    The row and the shop's own link stay. Ask again whenever you like: what has moved stays moved.
    """
    try:
        moved = _with_relocation(lambda relocation: relocation.move(server, to, most))
    except NotFound:
        print(f"There is no panel {to} in service.", file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"{moved} configs are being moved: ./orbit servers shows how far they are.")


def _line(server: LegacyServer) -> str:
    staying = server.configs - server.movable
    why = f", {staying} stay (no subscription that lasts as long)" if staying else ""
    moved = f"{server.moved - server.moving} moved, {server.moving} on the way"
    return (
        f"{server.id:<4} {shown(server.name)}  {shown(server.base_url)}  {server.configs} configs:"
        f" {server.movable} can move{why}; {moved}"
    )


def _with_relocation(work: Callable[[Relocation], Awaitable[Result]]) -> Result:
    async def with_repository(settings: Settings, stores: Stores) -> Result:
        return await work(
            Relocation(LegacyRepository(stores.database, stores.cache), open_clock(settings.clock_offset_file))
        )

    return with_stores(with_repository)
