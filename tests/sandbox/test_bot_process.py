"""The bot's process from outside, with small programs in the bot's place."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sandbox.bot_process import BotFailedError, BotProcess

_HEAD = """
import os, signal, sys, time
out = os.fdopen(int(os.environ["ORBIT_READY_FD"]), "w", buffering=1)
"""
_WELL = """
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit(0)))
print("hello " + os.environ["BOT_TOKEN"], flush=True)
out.write("progress: database\\n")
out.write("ready\\n")
while True:
    signal.pause()
"""
Make = Callable[[str], BotProcess]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[BotProcess] = []

    def build(program: str) -> BotProcess:
        bot = BotProcess({"BOT_TOKEN": "1:x"}, tmp_path / "logs" / "bot.log", [sys.executable, "-c", _HEAD + program])
        made.append(bot)
        return bot

    yield build
    for bot in made:
        bot.kill()
        await bot.wait()


async def test_a_bot_tells_its_progress_becomes_ready_and_ends_in_order(make: Make) -> None:
    bot, heard = make(_WELL), list[str]()
    await bot.start(heard.append)
    assert (bot.running, heard) == (True, ["database"])
    assert await bot.stop() == 0
    assert (bot.running, bot.log_tail()) == (False, ["hello 1:x", "bye"])


async def test_a_killed_bot_can_be_started_again_and_its_log_goes_on(make: Make) -> None:
    bot = make(_WELL)
    await bot.start()
    first = bot.pid
    bot.kill()
    assert await bot.wait() == -9
    await bot.start()
    assert bot.running
    assert bot.pid != first
    assert bot.log_tail(1) == ["hello 1:x"]
    assert len(bot.log_tail()) == 2


async def test_a_bot_that_reports_an_error_did_not_start(make: Make) -> None:
    bot = make('out.write("error: A is missing\\nerror: B is missing\\n"); out.close(); time.sleep(60)')
    with pytest.raises(BotFailedError, match=r"^A is missing\nB is missing$"):
        await bot.start()
    assert not bot.running


async def test_a_bot_that_dies_early_leaves_the_end_of_its_log_in_the_error(make: Make) -> None:
    bot = make('print("boom", flush=True); sys.exit(3)')
    with pytest.raises(BotFailedError, match=r"boom"):
        await bot.start()


async def test_only_an_end_nobody_asked_for_is_a_death(make: Make) -> None:
    bot = make(_WELL)
    await bot.start()
    await bot.stop()
    await bot.start()
    bot.kill()
    await bot.wait()
    await bot.start()
    assert bot.pid is not None
    os.kill(bot.pid, signal.SIGSEGV)
    assert await bot.died() == -signal.SIGSEGV


async def test_a_bot_that_never_ran_has_nothing_to_stop_or_show(make: Make) -> None:
    bot = make(_WELL)
    bot.kill()
    assert await bot.stop() is None
    assert await bot.wait() is None
    assert bot.log_tail() == []
    assert not bot.running
