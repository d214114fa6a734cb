"""The end of a bot that was asked to end: what is in hand is finished, and what came too late comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.support.town import town
from tests.support.words import raw_texts

if TYPE_CHECKING:
    from pathlib import Path

EN = raw_texts("en")

pytestmark = pytest.mark.slow

STATUSES = text("SELECT status FROM configs")


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_an_update_in_hand_is_finished_before_the_process_ends(tmp_path: Path, webhook: bool) -> None:
    async with town(tmp_path, webhook=webhook) as place:
        nina = await place.person(501, "Nina", "en")
        slow = {"match": "sendMessage", "action": "delay", "seconds": 1.5}
        await place.post(f"{place.world.telegram_url}/sim/faults", slow)

        async def under_way() -> bool:
            return not await place.faults(place.world.telegram_url)

        await nina.start()
        await place.eventually(under_way)
        place.bot.terminate()
        assert await place.bot.wait() == 0
        (_, answer) = await nina.messages()
        assert "Nina" in answer["text"]
        log = place.bot.log()
        assert "event=stopped updates_cut=0" in log
        assert place.bot.errors() == []
        assert len(place.world.telegram.updates) == 0


async def test_a_panel_that_is_making_a_user_is_waited_for_before_the_process_ends(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        nina = await place.person(501, "Nina", "en")
        await nina.start()
        await nina.press(EN["menu.home"])
        await nina.press(EN["menu.vpn"])
        urls = list(place.world.panel_urls.values())
        for url in urls:
            await place.post(f"{url}/sim/faults", {"match": "POST /api/user", "action": "delay", "seconds": 1.5})

        async def under_way() -> bool:
            return not all([await place.faults(url) for url in urls])

        await nina.press(EN["vpn.new"])
        await place.eventually(under_way)
        assert await place.bot.stop() == 0
        await place.bot.start()
        # Cut off in the middle, the job would wait for its lease of 30 s to run out.
        async with place.database() as database:
            assert [row.status for row in await database.run(STATUSES)] == ["active"]
        await nina.sees("/sub/")
        await place.audit()


async def test_a_stop_in_the_middle_of_a_start_ends_every_task(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        await place.bot.stop()
        for _ in range(3):
            await place.bot.start()
            assert await place.bot.stop() == 0
        log = place.bot.log()
        assert log.count("event=stopped") == 4
        assert "tasks_did_not_end" not in log
        assert "Traceback" not in log


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_what_comes_while_no_bot_runs_is_answered_after_the_next_start(tmp_path: Path, webhook: bool) -> None:
    async with town(tmp_path, webhook=webhook) as place:
        nina = await place.person(501, "Nina", "en")
        await place.bot.stop()
        await nina.start()
        await place.bot.start()
        await nina.sees("Nina")
        await place.audit()
