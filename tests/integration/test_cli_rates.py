"""`./orbit rates` shows the rate in use with source and age, what every source says, and no secret."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import aiohttp
import pytest

from app.domain.assets import Asset
from app.repo.rates import RateRepository
from app.services.records import Rate
from sandbox.world import World
from tests.support.cli import database_settings
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path, panels=1)
    await world.start()
    yield world
    await world.stop()


async def test_rates_are_shown_with_source_and_age_and_silence_is_named(
    world: World, database: Database, database_url: URL
) -> None:
    settings = world.env() | database_settings(database_url)
    learned = Rate(Decimal("219.5"), "public", world.clock.now() - timedelta(minutes=3))
    await RateRepository(database).note(Asset.TON, [learned])
    async with aiohttp.ClientSession() as http:
        await http.post(f"{world.cryptopay_url}/sim/faults", json={"match": "*", "action": "error", "times": -1})
        code, said = await orbit(settings, "rates")
        assert code == 0, said
        assert re.search(r"^TON/RUB  219\.5 by public, [3-9] min ago$", said, re.MULTILINE), said
        assert "USD/RUB  none was ever learned" in said
        assert "tonapi     220" in said
        assert "cryptopay  http_500" in said
        assert not any(settings[secret] in said for secret in ("TONAPI_KEY", "CRYPTOBOT_TOKEN", "DATABASE_PASSWORD"))
        for url in (world.chain_url, world.rates_url.removesuffix("/api/v3")):
            await http.post(f"{url}/sim/faults", json={"match": "*", "action": "error", "times": -1})
    code, said = await orbit(settings, "rates")
    assert code == 1
    assert "TON/RUB: no source answers" in said
