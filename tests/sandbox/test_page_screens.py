"""The command that draws the catalogue draws: whole pictures of a phone, small enough to be kept."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest

from app.locales.locales import TRANSLATORS
from tests.screens.__main__ import index
from tests.screens.album import open_album
from tests.screens.guest import open_shop
from tests.screens.scenes import SCENES
from tests.support.visitor import PHONE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser
    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database

# A text, a picture with buttons of every kind, an alert; all of them in every language with ORBIT_SCREENS=all.
A_FEW = {"welcome": "ru", "config-ready": "en", "config-too-many": "ru"}
IS_WHOLE = os.environ.get("ORBIT_SCREENS") == "all"
CHOSEN = [
    (scene, language)
    for language in TRANSLATORS
    for scene in SCENES
    if IS_WHOLE or A_FEW.get(scene.name) == language
]
MOST_BYTES = 60_000
PALETTE = 3


@pytest.mark.browser
@pytest.mark.slow
async def test_scenes_become_pictures_of_a_phone(
    browser: Browser, tmp_path: Path, database: Database, database_url: URL, redis: Redis
) -> None:
    del database  # emptied, which is all that is wanted of it
    pictures = {}
    async with open_shop(tmp_path, database_url, redis) as floor, open_album(floor, browser) as album:
        for scene, language in CHOSEN:
            pictures[scene.name, language] = await album.picture(scene, language)
    assert len(set(pictures.values())) == len(CHOSEN) >= len(A_FEW)
    for name, picture in pictures.items():
        width, height, _, colours = struct.unpack(">IIBB", picture[16:26])
        assert (width, colours) == (PHONE["width"], PALETTE), name
        assert height >= PHONE["height"], name
        assert len(picture) < MOST_BYTES, name


def test_the_index_shows_every_scene_in_every_language() -> None:
    page = index()
    assert all(f"{language}/{scene.name}.png" in page for language in TRANSLATORS for scene in SCENES)
