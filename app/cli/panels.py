"""Commands for the table of panels. Passwords come by standard input, never as an argument."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import panel_upkeep
from app.cli.context import with_stores
from app.keyring import open_keyring
from app.repo.panels import PanelRepository
from app.services.records import PanelAccess

if TYPE_CHECKING:
    from app.stores import Stores
    from config import Settings


def register(app: typer.Typer) -> None:
    """Add `panels add|list|on|off` and what panel_upkeep.py has."""
    group = typer.Typer(help="Add panels, list them, take them in and out of service.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(listing)
    group.command("on")(switch_on)
    group.command("off")(switch_off)
    panel_upkeep.add_to(group)
    app.add_typer(group, name="panels")


def add(
    instance_id: Annotated[str, typer.Option("--id", help="A short name for ever, such as s002.")],
    name: Annotated[str, typer.Option(help="What people call it.")],
    url: Annotated[str, typer.Option(help="The panel's address, https://host:port.")],
    username: Annotated[str, typer.Option(help="A sudo administrator of the panel.")],
    priority: Annotated[int, typer.Option(help="Among equals the higher one is chosen.")] = 100,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from input.")] = False,
) -> None:
    """Add a panel; it takes customers within two minutes, without a restart."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
    panel = PanelAccess(instance_id, name, url, username, password, priority, frozenset())

    async def work(settings: Settings, stores: Stores) -> bool:
        return await _repository(settings, stores).add(panel)

    if not with_stores(work):
        print(f"There is already a panel {instance_id}, or one at that address.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"Panel {instance_id} is added.")


def listing() -> None:
    """Show every panel."""

    async def work(settings: Settings, stores: Stores) -> list[tuple[PanelAccess, bool]]:
        return await _repository(settings, stores).listing()

    for panel, is_active in with_stores(work):
        state = "active" if is_active else "off"
        print(f"{panel.instance_id:12} {state:7} priority {panel.priority:<4} {panel.name}  {panel.base_url}")


def switch_on(instance_id: str) -> None:
    """Let a panel take new configs."""
    _switch(instance_id, active=True)


def switch_off(instance_id: str) -> None:
    """Let a panel take no new configs; those it has stay. To have them move, drain it."""
    _switch(instance_id, active=False)


def _switch(instance_id: str, *, active: bool) -> None:
    async def work(settings: Settings, stores: Stores) -> bool:
        return await _repository(settings, stores).switch(instance_id, active=active)

    if not with_stores(work):
        print(f"There is no panel {instance_id}.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"Panel {instance_id} is {'on' if active else 'off'}.")


def _repository(settings: Settings, stores: Stores) -> PanelRepository:
    return PanelRepository(stores.database, stores.cache, open_keyring(settings).seal)
