"""Puts the commands together and runs the one asked for; a new module of commands is added to PARTS."""

import typer

from app.cli import audit, dev, doctor, panels, process, rates, refunds, webhooks

PARTS = (process, panels, audit, doctor, refunds, rates, webhooks, dev)

app = typer.Typer(
    name="orbit",
    help="OrbitVPN: try it, run it, look after it.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def orbit(context: typer.Context) -> None:
    """OrbitVPN: try it, run it, look after it."""
    if context.invoked_subcommand is None:
        print(context.get_help())


for part in PARTS:
    part.register(app)

if __name__ == "__main__":
    app(prog_name="./orbit")
