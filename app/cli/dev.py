"""Commands for who works on the project: test, lint, bench, torture, bite, screens; they only start the tools."""

import os
import subprocess
import sys
from pathlib import Path

import typer

ROOT = Path(__file__).resolve().parents[2]
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
# Tests wait for processes and sockets, so two cores carry three workers.
_PYTEST = ("-m", "pytest", "-n", "3")
_LINTERS = {
    "ruff: style and common faults": ("-m", "ruff", "check"),
    "mypy: types": ("-m", "mypy"),
    # It has no module to run; its script is named by path, since its own first line breaks when the project moves.
    "import-linter: who may import whom": (str(Path(sys.executable).with_name("lint-imports")), "--no-logo"),
}


def register(app: typer.Typer) -> None:
    """Add test, lint, bench, torture, bite, screens."""
    for command in (test, bench, torture, bite, screens):
        app.command(context_settings=_PASS_ON)(command)
    app.command()(lint)


def test(context: typer.Context) -> None:
    """Run the tests; arguments go to pytest."""
    raise typer.Exit(_run(*_PYTEST, *context.args))


def bench(context: typer.Context) -> None:
    """Measure speed under load; arguments go to the bench."""
    raise typer.Exit(_run("-m", "bench", *context.args))


def torture(context: typer.Context) -> None:
    """Run the long tests that kill, cut and race."""
    # Behind the arguments: in front of them it would take a path for its number. One that is given has its own.
    given = any(argument.startswith("--torture") for argument in context.args)
    raise typer.Exit(_run(*_PYTEST, *context.args, *(() if given else ("--torture",))))


def bite(context: typer.Context) -> None:
    """Plant known bugs in a copy, one by one, and see that the tests catch each; arguments name some."""
    raise typer.Exit(_run("-m", "tests.planted", *context.args))


def screens(context: typer.Context) -> None:
    """Draw every screen of the bot in every language into docs/screens; arguments name some."""
    raise typer.Exit(_run("-m", "tests.screens", *context.args))


def lint() -> None:
    """Check style, types and direction of imports."""
    failed = [title for title, tool in _LINTERS.items() if _headed(title, tool) != 0]
    print(f"\nFailed: {'; '.join(failed)}" if failed else "\nAll clean.")
    raise typer.Exit(1 if failed else 0)


def _headed(title: str, tool: tuple[str, ...]) -> int:
    print(f"\n== {title}", flush=True)
    return _run(*tool)


def _run(*arguments: str) -> int:
    # Three workers and every bot of a test would compile everything again where bytecode must not be kept.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, check=False).returncode  # noqa: S603 - our own tools
