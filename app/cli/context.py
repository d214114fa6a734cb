"""Settings and stores for the operator's commands, opened beside a running bot or without one."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from app.embedded.postgres import EmbeddedPostgresError
from app.embedded.redis import RedisUnavailable
from app.keyring import open_keyring
from app.repo.init_db import migrate
from app.repo.panels import PanelRepository
from app.stores import DatabaseDoesNotAnswer, Stores, open_stores
from app.utils.logging import configure_logging
from config import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

Result = TypeVar("Result")


@asynccontextmanager
async def _stores(settings: Settings) -> AsyncIterator[Stores]:
    stores = await open_stores(settings, beside=True)
    try:
        await migrate(stores.database)
        yield stores
    finally:
        await stores.close()


def with_stores(work: Callable[[Settings, Stores], Awaitable[Result]]) -> Result:
    """What `work` makes of the stores; what keeps them shut is said in words, with exit code 2."""
    try:
        settings = load_settings()
        # The answer stands on standard output, so events of the usual kind stay off it.
        configure_logging(enabled=True, level="ERROR", aiogram=False, secrets=settings.secrets())
        return asyncio.run(_run(settings, work))
    except (SettingsError, DatabaseDoesNotAnswer, EmbeddedPostgresError, RedisUnavailable) as problem:
        print(problem, file=sys.stderr)
        raise typer.Exit(2) from None


async def _run(settings: Settings, work: Callable[[Settings, Stores], Awaitable[Result]]) -> Result:
    async with _stores(settings) as stores:
        return await work(settings, stores)


def panel_table(settings: Settings, stores: Stores) -> PanelRepository:
    """The table of panels, with the key of this installation."""
    return PanelRepository(stores.database, stores.cache, open_keyring(settings).seal)
