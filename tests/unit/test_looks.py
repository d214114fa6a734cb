"""The crawler sees what is wrong with a screen, and is not misled by what people write themselves."""

from __future__ import annotations

import pytest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from sandbox.telegram.people import Content, StoredMessage
from sandbox.telegram.text.formatted import Formatted
from tests.screens.crawl import FOREIGN, HOSTILE
from tests.screens.looks import button_faults, cleaned, faults_of, shape_of, text_faults, without

BACK = InlineKeyboardButton(text="‹ Back", callback_data="m1:home")
LINK = InlineKeyboardButton(text="Open", url="https://example.com")


def said(text: str, *buttons: InlineKeyboardButton, entities: tuple[MessageEntity, ...] = ()) -> StoredMessage:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[button] for button in buttons]) if buttons else None
    return StoredMessage(1, by_bot=True, sent_at=0, content=Content(Formatted(text, entities)), keyboard=keyboard)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("home.title", "a raw key"),
        ("see menu.back now", "a raw key"),
        ("Hi, {name}!", "a placeholder"),
        ("Hi, { $name }!", "a placeholder"),
        ("<b>Hi</b>", "visible markup"),
        ("fish &amp; chips", "visible markup"),
    ],
)
def test_what_no_text_may_show_is_found(text: str, fault: str) -> None:
    assert [found.partition(":")[0] for found in text_faults(text)] == [fault]


@pytest.mark.parametrize("text", ["До 5 марта 2027", "1.819 GRAM", "a < b", "t.me/orbit", "5 < 7 > 3", "Да. нет"])
def test_what_is_meant_to_be_read_is_no_fault(text: str) -> None:
    assert [*text_faults(text)] == []


def test_a_screen_without_a_button_of_ours_is_a_dead_end() -> None:
    assert [*faults_of(said("Hi"))] == ["a dead end: no button"]
    assert [*faults_of(said("Hi", LINK))] == ["a dead end: no button of ours"]
    assert [*faults_of(said("Hi", LINK, BACK))] == []


def test_a_button_that_a_phone_would_cut_is_found() -> None:
    long = InlineKeyboardButton(text="W" * 19, callback_data="x")
    assert [*button_faults(long, 1)] == []
    assert len([*button_faults(long, 2)]) == 1
    assert len([*button_faults(InlineKeyboardButton(text="👑" * 20, callback_data="x"), 1)]) == 1


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://exa mple.com", "example.com"])
def test_a_button_that_opens_no_page_is_found(link: str) -> None:
    assert len([*button_faults(InlineKeyboardButton(text="Go", url=link), 1)]) == 1


def test_what_is_copied_is_not_read() -> None:
    link = "https://t.me/x?start={a}"
    code = MessageEntity(type="code", offset=4, length=len(link))
    assert [*faults_of(said(f"👑: {link}", BACK, entities=(code,)))] == []


@pytest.mark.parametrize("name", [HOSTILE, cleaned(HOSTILE), cleaned(HOSTILE)[:16], HOSTILE[:7]])
def test_what_people_wrote_is_taken_out_though_it_was_cleaned_or_cut(name: str) -> None:
    assert [*text_faults(without(f"Hi, {name}!", FOREIGN))] == []


def test_screens_that_differ_in_numbers_names_and_links_are_one() -> None:
    one = said("Nina, 3 дня до 5 марта 2027", InlineKeyboardButton(text="Buy 349 ₽", callback_data="buy1:a:1"))
    two = said("Max, 11 дней до 17 мая 2028", InlineKeyboardButton(text="Buy 129 ₽", callback_data="buy1:b:2"))
    other = said("Max, 11 дней до 17 мая 2028", InlineKeyboardButton(text="Buy 129 ₽", callback_data="gift1:b:2"))
    names = ("Nina", "Max")
    assert shape_of(one, names) == shape_of(two, names) != shape_of(other, names)
