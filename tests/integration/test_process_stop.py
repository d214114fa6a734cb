"""The end of a bot that was asked to end: what is in hand is finished, and what came too late comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.town import town

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


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
        assert "level=error" not in log
        assert len(place.world.telegram.updates) == 0


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_what_comes_while_no_bot_runs_is_answered_after_the_next_start(tmp_path: Path, webhook: bool) -> None:
    async with town(tmp_path, webhook=webhook) as place:
        nina = await place.person(501, "Nina", "en")
        await place.bot.stop()
        await nina.start()
        await place.bot.start()
        await nina.sees("Nina")
        await place.audit()
