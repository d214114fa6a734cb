"""Which event loop the shop and its emulators run on."""

from __future__ import annotations

import asyncio
import importlib.util

import pytest


@pytest.mark.parametrize("package", ["app.core", "sandbox.telegram"])
def test_it_is_asyncios_own_though_another_is_installed_that_aiogram_would_take(package: str) -> None:
    assert importlib.util.find_spec("uvloop") is not None
    importlib.import_module(package)
    assert type(asyncio.get_event_loop_policy()) is asyncio.DefaultEventLoopPolicy
