"""Commands for the bot as a process and for the sandbox; the work is bot_manager's, nothing is decided here."""

import os
import sys
from typing import Annotated

import typer

import bot_manager


def register(app: typer.Typer) -> None:
    """Add sandbox, start, stop, restart, status, logs."""
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)(
        sandbox
    )
    for command in (start, stop, restart, status, logs):
        app.command()(command)


def sandbox(context: typer.Context) -> None:
    """Try the whole shop here: no account, no token, no money."""
    # Another program on purpose: the product never imports the sandbox.
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])  # noqa: S606 - no shell wanted


def start() -> None:
    """Start the bot and wait until it serves."""
    raise typer.Exit(bot_manager.start(bot_manager.find_place()))


def stop(force: Annotated[bool, typer.Option("--force", help="After 40 s end it at once.")] = False) -> None:
    """Stop the bot once it has finished what it has in hand."""
    raise typer.Exit(bot_manager.stop(bot_manager.find_place(), force=force))


def restart() -> None:
    """Stop, then start."""
    raise typer.Exit(bot_manager.restart(bot_manager.find_place()))


def status() -> None:
    """Say whether the bot runs; exit code 3 if not."""
    raise typer.Exit(bot_manager.status(bot_manager.find_place()))


def logs(follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False) -> None:
    """Show the end of the bot's log."""
    raise typer.Exit(bot_manager.logs(bot_manager.find_place(), follow=follow))
