"""`./orbit panels` as an operator runs it: who takes the next user, who does not and why, and bounds."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from app.cli.panel_table import table_lines
from app.domain.scores import LoadRule
from app.keyring import Keyring
from app.panels.ranking import Ranking, Standing
from app.repo.panels import PanelRepository
from app.services.panel_records import PanelRow
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from tests.support.cli import database_settings, invoke
from tests.support.panels import PASSWORD, fill, running

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache

SECRET = "a secret of the test"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


async def test_the_table_says_who_is_next_and_why_others_are_left_out_and_bounds_are_set(
    database: Database, database_url: URL, cache: Cache, tmp_path: Path
) -> None:
    settings = {
        "ENV_FILE": "",
        "BOT_TOKEN": "1:panels",
        "SECRET_KEY": SECRET,
        "DATA_DIR": str(tmp_path),
        "REDIS_SHARE_DEFAULT": "false",
        **database_settings(database_url),
    }
    panels = PanelRepository(database, cache, Keyring(SECRET).seal)
    async with running(Panel(SandboxClock(), "s001", "admin", PASSWORD)) as served, AsyncExitStack() as stack:
        stack.enter_context(capture_logs())
        fill(served, 6)
        await panels.add(served.access())
        await panels.add(served.access(instance_id="s002", base_url=f"{served.server.url}/elsewhere"))
        await panels.add(served.access(instance_id="s003", base_url="http://127.0.0.1:9"))
        await panels.switch("s003", active=False)
        bounds = ("--capacity", "500", "--priority", "90")
        said = await asyncio.to_thread(invoke, settings, "panels", "set", "s001", *bounds)
        assert (said.exit_code, said.output) == (0, "Panel s001 is changed.\n")
        said = await asyncio.to_thread(invoke, settings, "panels", "set", "s009", *bounds)
        assert (said.exit_code, said.output) == (1, "There is no panel s009.\n")
        said = await asyncio.to_thread(invoke, settings, "panels")
    assert said.exit_code == 0, said.output
    lines = [line.split() for line in said.output.splitlines()]
    assert lines[4] == ["1", "s001", "3.00", "6", "0", "500", "90", "by", "its", "node", "s001-1"]
    assert lines[5][:8] == ["-", "s002", "-", "-", "0", "-", "100", "left"]
    assert lines[6] == ["-", "s003", "-", "-", "0", "-", "100", "left", "out:", "off"]
    assert PASSWORD not in said.output


def test_set_wants_something_to_set() -> None:
    refused = invoke({}, "panels", "set", "s001")
    assert (refused.exit_code, refused.stderr) == (2, "Name --capacity or --priority.\n")
    assert invoke({}, "panels", "set", "s001", "--capacity", "-1").exit_code == 2


def test_the_table_names_its_age_the_weight_of_traffic_and_no_control_characters() -> None:
    row = PanelRow("s001", "First", True, 100, None, 2)
    full = PanelRow("s002", "Second", True, 100, 7, 1)
    standings = (
        Standing(row, "de\x1b[31m", 40, Decimal("41.256"), None),
        Standing(full, "n", 6, Decimal(3), "at its capacity"),
    )
    rule = LoadRule(Decimal("0.5"), timedelta(hours=6))
    lines = list(table_lines(Ranking(NOW, standings), rule, NOW + timedelta(seconds=12)))
    assert lines[0].startswith("Measured 12 s ago;")
    assert lines[1] == "A point is one active user on a node, or 2 GiB of the last 6 h through it."
    assert lines[4].split() == ["1", "s001", "41.26", "40", "2", "-", "100", "by", "its", "node", "de�[31m"]
    assert lines[5].split() == ["-", "s002", "3.00", "6", "1", "7", "100", "left", "out:", "at", "its", "capacity"]
    without = list(table_lines(Ranking(NOW, ()), LoadRule(Decimal(0)), NOW))
    assert without[1] == "A point is one active user on a node; traffic weighs nothing."
