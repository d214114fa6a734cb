"""Owns what tests of the sandbox share: the console's small world, the browser, a bot inside the test."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Error, Page, Request, async_playwright, expect
from redis.asyncio import Redis
from sqlalchemy import URL
from structlog.testing import capture_logs

from app.repo.db import Database
from tests.sandbox.console_world import World, open_world
from tests.support.cable import Cable
from tests.support.shop_floor import ShopFloor, shop_floor

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)


class Cut(ShopFloor):
    """A bot whose ways to Redis and PostgreSQL can be cut."""

    redis: Cable
    postgres: Cable


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on the PATH")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=QUIET.split())
        yield opened
        await opened.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


@pytest.fixture
async def floor(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    """A bot inside the test, over empty stores; whatever a test does to it, it has nothing to call an error."""
    del database  # emptied, which is all that is wanted of it
    with capture_logs() as log:
        async with shop_floor(tmp_path, database_url, redis) as opened:
            yield opened
    assert [line for line in log if line["log_level"] in {"error", "critical"}] == []


@pytest.fixture
async def cut(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[Cut]:
    del database  # emptied, which is all that is wanted of it
    socket = redis.connection_pool.connection_kwargs["path"]
    to_postgres = partial(asyncio.open_connection, database_url.host, database_url.port)
    with capture_logs() as log:
        async with Cable(partial(asyncio.open_unix_connection, socket)) as one, Cable(to_postgres) as other:
            ways = {"redis_url": f"redis://127.0.0.1:{one.port}", "database_port": other.port}
            async with shop_floor(tmp_path, database_url, redis, **ways) as opened:
                cut = Cut(opened.app, opened.world)
                cut.redis, cut.postgres = one, other
                yield cut
    assert [line for line in log if line["log_level"] == "error" or "exc_info" in line] == []


@pytest.fixture(scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The window of a worker: what pages remember stands under the address of a world, and each test has its own."""
    opened = await browser.new_context(viewport={"width": 1280, "height": 860})
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def tab(context: BrowserContext) -> Page:
    """The one tab for all tests of a worker: a new one costs more than most tests do in it."""
    return await context.new_page()


@pytest.fixture
async def page(context: BrowserContext, tab: Page, world: World) -> AsyncIterator[Page]:
    """The page as at a first visit; whatever a test does, it asks this machine only and throws nothing."""
    outside: list[str] = []
    broken: list[str] = []

    def asked(request: Request) -> None:
        _note_outside(request.url, outside)

    def threw(error: Error) -> None:
        broken.append(str(error))

    context.on("request", asked)
    tab.on("pageerror", threw)
    await tab.goto(world.url)
    await expect(tab.get_by_test_id("person-Nina")).to_have_attribute("aria-pressed", "true")
    yield tab
    for other in context.pages:
        if other is not tab:
            await other.close()
    await tab.goto("about:blank")
    await context.clear_permissions()
    context.remove_listener("request", asked)
    tab.remove_listener("pageerror", threw)
    assert not outside
    assert not broken


def _note_outside(url: str, outside: list[str]) -> None:
    if urlsplit(url).scheme != "about" and urlsplit(url).hostname != "127.0.0.1":
        outside.append(url)
