"""Inline keyboards, localised: the menu and its small pages; those of a topic stand in app/core/keys. Holds no rule."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aiogram.types import InlineKeyboardMarkup

from app.core.actions import Connect, Menu, SetLanguage, ShowReminders, ShowRenewal, ShowTraffic, new_intent
from app.core.buttons import back, button, keyboard, share, to_menu
from app.core.keys.support import contact_row
from app.locales.locales import TRANSLATORS, translator

if TYPE_CHECKING:
    from app.core.contact import Contact
    from app.locales.locales import Translator


@lru_cache(maxsize=32)
def home(language: str, *, is_active: bool) -> InlineKeyboardMarkup:
    """The main menu; kept, since it is the same for everybody."""
    t = translator(language)
    return keyboard(
        [button(t.plain("menu.vpn"), Menu(page="vpn"), "primary")],
        [button(t.plain("menu.renew" if is_active else "menu.plans"), Menu(page="plans"))],
        [button(t.plain("menu.balance"), Menu(page="balance"))],
        [button(t.plain("menu.invite"), Menu(page="invite"))],
        [button(t.plain("menu.settings"), Menu(page="settings")), button(t.plain("menu.help"), Menu(page="help"))],
    )


def newcomer(t: Translator) -> InlineKeyboardMarkup:
    """All that a newcomer has to press."""
    return keyboard(
        [button(t.plain("connect.begin"), Connect(intent=new_intent()), "primary")],
        to_menu(t),
    )


@lru_cache(maxsize=32)
def to_home(language: str) -> InlineKeyboardMarkup:
    """Just the way to the menu."""
    return keyboard(to_menu(translator(language)))


def invite(t: Translator, link: str) -> InlineKeyboardMarkup:
    """Share the link, or copy it."""
    return keyboard(*share(t, link, t.plain("invite.pitch")), back(t))


@lru_cache(maxsize=8)
def back_to(language: str, page: str) -> InlineKeyboardMarkup:
    """Just the way back to a page."""
    return keyboard(back(translator(language), page))


@lru_cache(maxsize=8)
def settings(language: str) -> InlineKeyboardMarkup:
    """The traffic, what happens by itself, and the languages there are."""
    t = translator(language)
    languages = [
        button(("✓ " if code == language else "") + other.plain("language.name"), SetLanguage(code=code))
        for code, other in TRANSLATORS.items()
    ]
    return keyboard(
        [button(t.plain("traffic.button"), ShowTraffic(id=0))],
        [button(t.plain("renewal.menu"), ShowRenewal(back="settings"))],
        [button(t.plain("reminder.menu"), ShowReminders())],
        languages,
        back(t),
    )


@lru_cache(maxsize=8)
def help_page(language: str, contact: Contact) -> InlineKeyboardMarkup:
    """Support, where there is one, and back."""
    t = translator(language)
    return keyboard([button(t.plain("menu.vpn"), Menu(page="vpn"))], contact_row(t, contact), back(t))
