"""Commands for the table of panels. Passwords come by standard input, never as an argument."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from babel import Locale

from app.cli import panel_upkeep
from app.cli.context import panel_table, with_stores
from app.cli.panel_table import table_lines
from app.clients import open_panels
from app.clock import open_clock
from app.panels.ranking import look
from app.services.records import PanelAccess, PanelKind, TlsMode

if TYPE_CHECKING:
    from app.stores import Stores
    from config import Settings

MOST = 2**31 - 1  # of its column
CODE_LENGTH = 2
TERRITORIES = Locale("en").territories


def register(app: typer.Typer) -> None:
    """Add `panels` and `panels add|list|set|country|on|off`."""
    group = typer.Typer(help="Show who takes the next user; add panels, bound them, take them in and out of service.")
    group.callback(invoke_without_command=True)(ranked)
    group.command("add")(add)
    group.command("list")(listing)
    group.command("set")(tune)
    group.command("country")(country_of)
    group.command("on")(switch_on)
    group.command("off")(switch_off)
    panel_upkeep.add_to(group)
    app.add_typer(group, name="panels")


def ranked(context: typer.Context) -> None:
    """Show who takes the next user; add panels, bound them, take them in and out of service."""
    if context.invoked_subcommand is not None:
        return

    async def work(settings: Settings, stores: Stores) -> list[str]:
        clock, rule = open_clock(settings.clock_offset_file), settings.load_rule
        panels = panel_table(settings, stores)
        async with open_panels(settings, panels, clock) as clients:
            return list(table_lines(await look(panels, clock, rule, clients), rule, clock.now()))

    print("\n".join(with_stores(work)))


def add(
    instance_id: Annotated[str, typer.Option("--id", help="A short name for ever, such as s002.")],
    name: Annotated[str, typer.Option(help="What people call it.")],
    url: Annotated[str, typer.Option(help="The panel's address, https://host:port.")],
    username: Annotated[str, typer.Option(help="A sudo administrator of the panel.")],
    priority: Annotated[int, typer.Option(help="Among equals the higher one is chosen.")] = 100,
    kind: Annotated[PanelKind, typer.Option(help="What software the panel runs.")] = PanelKind.MARZBAN,
    ca_file: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) to trust for this panel alone.", exists=True, dir_okay=False)
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Don't check this panel's certificate.")] = False,
    access_profile: Annotated[str, typer.Option(help="Which inbounds or groups the shop's users get, JSON.")] = "{}",
    country: Annotated[str, typer.Option(help="Where it is, for customers to choose: NL, DE. None by default.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from input.")] = False,
) -> None:
    """Add a panel; it takes customers within two minutes, without a restart."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
    panel = PanelAccess(
        instance_id, name, url, username, password, priority, frozenset(),
        kind=kind,
        tls=TlsMode.INSECURE if insecure else TlsMode.VERIFY,
        ca_pem=ca_file.read_text() if ca_file else None,
        access_profile=_profile(access_profile),
    )  # fmt: skip
    code = _country(country)

    async def work(settings: Settings, stores: Stores) -> bool:
        return await panel_table(settings, stores).add(panel, code)

    if not with_stores(work):
        print(f"There is already a panel {instance_id}, or one at that address.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"Panel {instance_id} is added.")


def listing() -> None:
    """Show every panel."""

    async def work(settings: Settings, stores: Stores) -> list[tuple[PanelAccess, bool]]:
        return await panel_table(settings, stores).listing()

    for panel, is_active in with_stores(work):
        state = "active" if is_active else "off"
        print(f"{panel.instance_id:12} {state:7} priority {panel.priority:<4} {panel.name}  {panel.base_url}")


def tune(
    instance_id: str,
    capacity: Annotated[
        int | None, typer.Option(min=0, max=MOST, help="How many active users it may have; 0 is no bound.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option(min=-MOST, max=MOST, help="Among equals the higher one is chosen.")
    ] = None,
) -> None:
    """Change a panel's capacity or priority; it counts within a second, without a restart."""
    if capacity is None and priority is None:
        print("Name --capacity or --priority.", file=sys.stderr)
        raise typer.Exit(2)

    async def work(settings: Settings, stores: Stores) -> bool:
        return await panel_table(settings, stores).tune(instance_id, priority, capacity)

    if not with_stores(work):
        _refuse_unknown(instance_id)
    print(f"Panel {instance_id} is changed.")


def country_of(
    instance_id: str,
    country: Annotated[str, typer.Argument(help="Two letters, such as NL; - for a panel that bears no label.")],
) -> None:
    """Say in which country a panel is; customers choose between those, where there are two or more."""
    code = _country("" if country == "-" else country)

    async def work(settings: Settings, stores: Stores) -> bool:
        return await panel_table(settings, stores).place(instance_id, code)

    if not with_stores(work):
        _refuse_unknown(instance_id)
    print(f"Panel {instance_id} {'bears no country' if code is None else f'is in {code}'}.")


def switch_on(instance_id: str) -> None:
    """Let a panel take new configs."""
    _switch(instance_id, active=True)


def switch_off(instance_id: str) -> None:
    """Let a panel take no new configs; those it has stay. To have them move, drain it."""
    _switch(instance_id, active=False)


def _switch(instance_id: str, *, active: bool) -> None:
    async def work(settings: Settings, stores: Stores) -> bool:
        return await panel_table(settings, stores).switch(instance_id, active=active)

    if not with_stores(work):
        _refuse_unknown(instance_id)
    print(f"Panel {instance_id} is {'on' if active else 'off'}.")


def _profile(written: str) -> dict[str, object]:
    try:
        profile = json.loads(written)
    except ValueError:
        profile = None
    if not isinstance(profile, dict):
        raise typer.BadParameter("an access profile is a JSON object, such as {\"group_ids\": [1, 2]}")
    return profile


def _country(written: str) -> str | None:
    """The code that babel has a name for, so that a typo is no country; None for none."""
    code = written.strip().upper()
    if code and (len(code) != CODE_LENGTH or not code.isalpha() or code not in TERRITORIES):
        raise typer.BadParameter("a country is two letters of ISO 3166, such as NL or DE")
    return code or None


def _refuse_unknown(instance_id: str) -> NoReturn:
    print(f"There is no panel {instance_id}.", file=sys.stderr)
    raise typer.Exit(1)
