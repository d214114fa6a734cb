"""Whatever people are called and whatever they write goes through every screen unharmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.shop_floor import shown

if TYPE_CHECKING:
    from tests.support.shop_floor import ShopFloor

NAMES = (
    *("<b>Nina</b>", "<b>", "</b>", "&amp;", "&", "<script>alert(1)</script>", "</a><a href='tg://x'>", "<tg-spoiler>"),
    *("{name}", "{0}{balance}", "%s%d", "\\n", "*_`[", "\u202eanin", "\u2066nina\u2069", "👩\u200d👧\u200d👦"),
    *("Ни́на", "نينا", "尼娜", "🇷🇺" * 16, "n" * 64, "👑" * 32, "﷽" * 32, "Nina\nthe second", "'\"", "Zal\u0363\u0364go"),
)
TURNING = dict.fromkeys(map(ord, "\u202e\u2066\u2069"))
PAGES = ("vpn", "plans", "balance", "invite", "settings", "help", "home")
TEXTS = (
    *("x" * 4096, "👑" * 2048, "\n" * 100 + "a", "<b>bold", "/" + "x" * 4095, "/nosuchcommand", "/menu@another_bot"),
    *("/start", "/start " + "x" * 64, "/start ref_", "/start ref_0", f"/start ref_{'9' * 20}", "/START", "//", "/"),
    *("／start", "\u202e/start", "\u200b", "{t}", "%s", "\\", "a\u0000b"),
)


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_any_name_is_greeted_as_it_is_and_breaks_no_screen(floor: ShopFloor, language: str) -> None:
    for number, name in enumerate(NAMES, start=1):
        person = await floor.customer(number, name, language)
        assert name.replace("\n", " ").translate(TURNING) in shown(person)
        for page in PAGES:
            await floor.click(person, f"m:{page}")
        await floor.click(person, "new:wish")
        await floor.work()
    assert {call.status for call in floor.telegram.history.calls(0)} == {200}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_any_text_is_answered_and_breaks_nothing(floor: ShopFloor, language: str) -> None:
    nina = await floor.customer(language=language)
    for text in TEXTS:
        told = len(nina.messages)
        await floor.says(nina, text)
        assert len(nina.messages) == told + 2, text
        await floor.click(nina, "top:0")
        await floor.says(nina, text)
        await floor.rested()
    assert {call.status for call in floor.telegram.history.calls(0)} == {200}
