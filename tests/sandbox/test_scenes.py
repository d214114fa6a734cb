"""Every screen, button, command, dialogue and notice has a scene, which can be read and costs what it may."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.core.actions import Menu, kind_of
from app.core.handlers import make_switchboard
from app.core.screens.screen import Screen
from app.services.records import NoticeKind
from config import ROOT
from tests.conftest import empty
from tests.screens.costs import CountedFloor, bound_of, counted_floor
from tests.screens.guest import newcomer
from tests.screens.looks import faults_of
from tests.screens.scenes import SCENES, Notice
from tests.support.shop_floor import newest
from tests.support.source_tree import sources

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from bench.counted import Trips
    from tests.screens.scenes import Scene

BOARD = make_switchboard()
CORE = str(ROOT / "app" / "core")
FRAMES = 6


@dataclass
class Walked:
    """What was met on one walk over all scenes."""

    drawn: set[tuple[str, str]] = field(default_factory=set)
    pressed: set[str] = field(default_factory=set)
    dialogs: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    costs: dict[str, Trips] = field(default_factory=dict)


def noting_who_draws(drawn: set[tuple[str, str]]) -> Any:
    """Screen's constructor, which tells which functions of the Telegram edge stand behind it."""
    init = Screen.__init__

    def noted(self: Screen, *args: Any, **kwargs: Any) -> None:
        frame = sys._getframe(1)
        for _ in range(FRAMES):
            if frame.f_code.co_filename.startswith(CORE):
                path = Path(frame.f_code.co_filename).relative_to(ROOT).as_posix()
                drawn.add((path, frame.f_code.co_name))
            if frame.f_back is None:
                break
            frame = frame.f_back
        init(self, *args, **kwargs)

    return noted


async def visit(counted: CountedFloor, scene: Scene, walked: Walked) -> None:
    guest = newcomer(counted.floor, "ru")
    opened = await counted.open(scene, guest)
    if opened.trips is not None:
        walked.costs[scene.name] = opened.trips
    if opened.data is not None:
        walked.pressed.add(opened.data)
    elif opened.dialogue is not None:
        walked.dialogs.add(opened.dialogue)
    walked.faults += [f"{scene.name}: {fault}" for fault in faults_of(newest(guest.person))]
    await guest.rests()


@pytest.fixture(scope="module")
async def walked(
    shared_database: Database, database_url: URL, shared_redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Walked:
    """All scenes, one after the other, by people of their own."""
    await empty(shared_database)
    await shared_redis.flushall()
    found = Walked()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "__init__", noting_who_draws(found.drawn))
        async with counted_floor(tmp_path_factory.mktemp("scenes"), database_url, shared_redis) as counted:
            for scene in SCENES:
                await visit(counted, scene, found)
            refused = [call for call in counted.floor.telegram.history.calls(0) if call.status != 200]
            found.faults += [call.problem for call in refused]
    return found


def test_every_scene_can_be_read_and_leads_on(walked: Walked) -> None:
    assert walked.faults == []


def test_every_function_that_draws_a_screen_has_a_scene(walked: Walked) -> None:
    drawing = {
        (source.path, function.name)
        for source in sources("app/core/screens", "app/core/handlers")
        for function in source.functions()
        if isinstance(function.returns, ast.Name) and function.returns.id == "Screen"
    }
    assert len(drawing) > 20
    assert drawing - walked.drawn == set()


def test_every_kind_of_button_and_every_page_of_the_menu_has_a_scene(walked: Walked) -> None:
    kinds = {kind_of(prefix) for prefix in BOARD.prefixes}
    assert kinds - {kind_of(data) for data in walked.pressed} == set()
    pages = {
        keyword.value.value
        for source in sources("app/core")
        for name, call in source.calls()
        if name == "Menu"
        for keyword in call.keywords
        if keyword.arg == "page" and isinstance(keyword.value, ast.Constant)
    }
    assert {Menu(page=str(page)).pack() for page in pages} - walked.pressed == set()


def test_every_command_and_every_dialogue_has_a_scene(walked: Walked) -> None:
    said = {scene.opens.partition(" ")[0] for scene in SCENES if isinstance(scene.opens, str)}
    assert {f"/{command}" for command in BOARD.commands} - said == set()
    assert BOARD.dialogs - walked.dialogs == set()


def test_every_notice_has_a_scene() -> None:
    assert {scene.opens.kind for scene in SCENES if isinstance(scene.opens, Notice)} == set(NoticeKind)


def test_scenes_have_names_of_their_own() -> None:
    assert len({scene.name for scene in SCENES}) == len(SCENES)


def test_every_screen_costs_the_stores_what_it_may(walked: Walked) -> None:
    over = {name: cost for name, cost in walked.costs.items() if not bound_of(name).holds(cost)}
    assert over == {}
