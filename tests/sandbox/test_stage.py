"""The sandbox as a whole, with small programs in the places of the bot and of its operator's command."""

import json
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession

from sandbox.bot_process import BotFailedError
from sandbox.stage import Commands, running

_BOT = (
    "import os, signal; out = os.fdopen(int(os.environ['ORBIT_READY_FD']), 'w', buffering=1);"
    "out.write('progress: database\\nready\\n'); signal.pause()"
)
_OPERATOR = (
    "import json, os, sys; d = os.environ['DATA_DIR']; os.makedirs(d);"
    "json.dump([sys.argv[1:], sys.stdin.read()], open(d + '/asked', 'w'))"
)


def commands(bot: str = _BOT, operator: str = _OPERATOR) -> Commands:
    return Commands((sys.executable, "-c", bot), (sys.executable, "-c", operator))


async def test_the_page_opens_over_a_ready_bot_and_everything_ends_with_it(tmp_path: Path) -> None:
    said: list[str] = []
    async with running(tmp_path, 0, said.append, commands()) as shown, ClientSession() as http:
        assert "bot: database" in said
        async with http.get(f"{shown.url}/world") as answer:
            world = await answer.json()
        assert (world["bot_running"], world["panels"]) == (True, ["Frankfurt", "Helsinki"])
        async with http.get(f"{shown.url}/panels/Helsinki/state") as answer:
            assert (await answer.json())["name"] == "Helsinki"
    assert not shown.bot.running


async def test_the_second_panel_comes_in_through_the_operators_command(tmp_path: Path) -> None:
    async with running(tmp_path, 0, lambda _line: None, commands()):
        words, password = json.loads((tmp_path / "bot" / "asked").read_text())
    assert words[:6] == ["panels", "add", "--id", "s002", "--name", "Helsinki"]
    assert words[-3:] == ["--kind", "pasarguard", "--password-stdin"]
    assert password == "sandbox-helsinki\n"


async def test_a_kept_shop_finds_its_panels_where_they_were(tmp_path: Path) -> None:
    seen = []
    for operator in (_OPERATOR, "exit('There is already a panel s002, or one at that address.')"):
        async with running(tmp_path, 0, lambda _line: None, commands(operator=operator)):
            seen.append((tmp_path / "panel_ports").read_text())
    assert seen[0] == seen[1]


async def test_a_refused_panel_and_a_bot_that_fails_end_the_sandbox_with_their_words(tmp_path: Path) -> None:
    with pytest.raises(BotFailedError, match=r"panel Helsinki was not added: no such door"):
        async with running(tmp_path, 0, lambda _line: None, commands(operator="exit('no such door')")):
            pytest.fail("it stands without its second panel")
    with pytest.raises(BotFailedError, match=r"a boom"):
        async with running(tmp_path, 0, lambda _line: None, commands(bot="exit('a boom')")):
            pytest.fail("it stands without a bot")
