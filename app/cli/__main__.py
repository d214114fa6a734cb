"""Owns the list of commands and loads the one that is asked for: the others' libraries would cost seconds each time."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

# Module by module its commands, with the line that help shows for each.
PARTS: dict[str, dict[str, str]] = {
    "process": {
        "sandbox": "Try the whole shop here: no account, no token, no money.",
        "start": "Start the bot and wait until it serves.",
        "stop": "Stop the bot once it has finished what it has in hand.",
        "restart": "Stop, then start.",
        "status": "Say whether the bot runs; exit code 3 if not.",
        "logs": "Show the end of the bot's log.",
    },
    "panels": {"panels": "Show who takes the next user; add panels, bound them, take them in and out of service."},
    "undelivered": {
        "undelivered": "List what was paid and not delivered: who waits for a config and has none that works."
    },
    "servers": {"servers": "The legacy servers: list them, move what is on them to panels."},
    "audit": {
        "audit": "Prove that ledger, balances, payments, subscriptions and panels agree.",
    },
    "doctor": {
        "doctor": ("Look at settings, stores, Telegram, providers and panels; exit code 1 where something is wrong.")
    },
    "money": {
        "unmatched": "List the money that came in and could be credited to nobody.",
        "assign": "Give money that waits to an account, once and for ever.",
        "dismiss": "Set aside what is no customer's money: it stays recorded, and is listed no more.",
        "adjust": "Change a balance by a sum, with a reason; never below zero, and once for each key.",
    },
    "account": {
        "account": "Show a person's balance with its ledger, invoices, receipts, purchases and what operators did."
    },
    "bans": {
        "ban": "Shut somebody out; they read the reason, and can still write to support.",
        "unban": "Let somebody in again.",
        "bans": "List who is shut out, why, by whom and until when.",
    },
    "rates": {
        "rates": "Show what assets are worth: the rate in use, and what each source says now."
    },
    "refunds": {"refund": "Give a charge back; without one, list the newest."},
    "promo": {"promo": "Promo codes: make one, list them, end one."},
    "jobs": {"jobs": "Background jobs: what waits, runs and failed; try a failed one again."},
    "webhooks": {"webhooks": "Show the addresses to paste into the settings of payment providers."},
    "dev": {
        "test": "Run the tests; arguments go to pytest.",
        "bench": "Measure speed under load; arguments go to the bench.",
        "torture": "Run the long tests that kill, cut and race.",
        "bite": "Plant known bugs in a copy, one by one, and see that the tests catch each; arguments name some.",
        "screens": "Draw every screen of the bot in every language into docs/screens; arguments name some.",
        "lint": "Check style, types and direction of imports.",
    },
}


def make_app(wanted: str | None) -> typer.Typer:
    """The command line with the command that is wanted, or with all of them as a list where it is none of ours."""
    app = typer.Typer(
        name="orbit",
        help="OrbitVPN: try it, run it, look after it.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(orbit)
    home = next((part for part, commands in PARTS.items() if wanted in commands), None)
    if home is not None:
        import_module(f"app.cli.{home}").register(app)
        return app
    for commands in PARTS.values():
        for name, help_line in commands.items():
            app.command(name, help=help_line)(listed)
    return app


def orbit(context: typer.Context) -> None:
    """OrbitVPN: try it, run it, look after it."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def listed() -> None:
    """Stands in the list for a command that is loaded once it is asked for."""


if __name__ == "__main__":
    make_app(next((word for word in sys.argv[1:] if not word.startswith("-")), None))(prog_name="./orbit")
