"""The command that shows background jobs, and tries one again that was given up. Prints no value that a job handled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import with_stores
from app.cli.words import shown
from app.repo.jobs import JobRepository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.services.jobs import FailedJob, PeriodicJob, WaitingJobs
    from app.stores import Stores
    from config import Settings

NOTHING_TO_RETRY = 3


def register(app: typer.Typer) -> None:
    """Add jobs, with what it can do."""
    commands = typer.Typer(help="Background jobs: what waits, runs and failed; try a failed one again.")
    commands.callback(invoke_without_command=True)(listing)
    commands.command("retry")(retry)
    app.add_typer(commands, name="jobs")


def listing(context: typer.Context) -> None:
    """List what waits, what runs, what was given up, and when each periodic job ran; exit code 1 where one failed."""
    if context.invoked_subcommand is not None:
        return

    async def work(_settings: Settings, stores: Stores) -> tuple[list[str], bool]:
        jobs = JobRepository(stores.database)
        failed, periodic = await jobs.failed(), await jobs.periodic()
        is_well = not failed and not any(job.failure for job in periodic)
        return [*_waiting(await jobs.waiting()), *_failed(failed), *_periodic(periodic)], is_well

    lines, is_well = with_stores(work)
    for line in lines:
        print(line)
    raise typer.Exit(0 if is_well else 1)


def retry(job: Annotated[int, typer.Argument(help="the number that `./orbit jobs` shows", metavar="ID")]) -> None:
    """Put a failed job back into the queue."""

    async def work(_settings: Settings, stores: Stores) -> str | None:
        return await JobRepository(stores.database).retry(job)

    name = with_stores(work)
    if name is None:
        print(f"{job} is no failed job: see ./orbit jobs")
        raise typer.Exit(NOTHING_TO_RETRY)
    print(f"{job} {shown(name)}: waits to be done again")


def _waiting(jobs: list[WaitingJobs]) -> Iterator[str]:
    for job in jobs:
        state = "running" if job.is_running else "queued"
        yield f"{state:8} {shown(job.name):18} {job.number:>6}  since {_time(job.since)}"


def _failed(jobs: list[FailedJob]) -> Iterator[str]:
    for job in jobs:
        tries = f"{job.tries} tries" if job.tries > 1 else "1 try"
        yield f"FAILED   {shown(job.name):18} {job.id:>6}  at {_time(job.failed_at)} after {tries}: {shown(job.reason)}"


def _periodic(jobs: list[PeriodicJob]) -> Iterator[str]:
    for job in jobs:
        ran = f"ran {_time(job.last_run_at)}" if job.last_run_at else "has not run yet"
        failure = f", FAILED: {shown(job.failure)}" if job.failure else ""
        yield f"periodic {shown(job.name):18} {ran}, next {_time(job.next_run_at)}{failure}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
