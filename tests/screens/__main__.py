"""Owns `./orbit screens`: every scene in every language as a picture, and the page that shows them."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.locales.locales import TRANSLATORS
from app.utils.logging import configure_logging
from bench.engines import open_engines
from config import ROOT
from tests.screens.album import NoBrowser, open_album, open_browser
from tests.screens.guest import open_shop
from tests.screens.scenes import CHAPTERS, SCENES

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.screens.scenes import Scene

PLACE = ROOT / "docs" / "screens"
HEAD = """# Screens

Every screen of the bot, drawn by `./orbit screens` from the scenes in `tests/screens/scenes.py`. Nothing here is edited
by hand; a screen that no scene shows fails a test.
"""


def main() -> int:
    """Draw what is named, or everything; 1 where there is no browser."""
    parser = argparse.ArgumentParser(prog="orbit screens", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="scene", help="scenes to draw; all without a name")
    parser.add_argument("--to", type=Path, default=PLACE, help="where the pictures go (docs/screens)")
    asked = parser.parse_args()
    unknown = set(asked.names) - {scene.name for scene in SCENES}
    if unknown:
        parser.error(f"no such scene: {', '.join(sorted(unknown))}")
    chosen = [scene for scene in SCENES if not asked.names or scene.name in asked.names]
    configure_logging(enabled=True, level="ERROR", aiogram=False, secrets=[])
    try:
        asyncio.run(draw(chosen, asked.to))
    except NoBrowser as problem:
        print(problem, file=sys.stderr)
        return 1
    if not asked.names:
        (asked.to / "README.md").write_text(index(), "utf-8")
    return 0


async def draw(scenes: Collection[Scene], place: Path) -> None:
    """Each scene in each language, one file a picture."""
    with tempfile.TemporaryDirectory(prefix="orbit-screens-") as home:
        async with (
            open_browser() as browser,
            open_engines(Path(home)) as (database, redis),
            open_shop(Path(home), database, redis.client) as floor,
            open_album(floor, browser) as album,
        ):
            for language in TRANSLATORS:
                (place / language).mkdir(parents=True, exist_ok=True)
                for scene in scenes:
                    picture = await album.picture(scene, language)
                    (place / language / f"{scene.name}.png").write_bytes(picture)
                    print(f"{language}/{scene.name}.png  {len(picture) // 1024} KiB", flush=True)


def index() -> str:
    """The page that shows them, a table a chapter."""
    languages = [*TRANSLATORS]
    parts = [HEAD]
    for title, scenes in CHAPTERS.items():
        parts += [f"\n## {title}\n", f"| | {' | '.join(languages)} |", f"|---|{'---|' * len(languages)}"]
        for scene in scenes:
            cells = (f'<img src="{language}/{scene.name}.png" width="260">' for language in languages)
            parts.append(f"| {scene.name} | {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
