"""The keyboards of the balance: ways to pay, sums, invoices. Holds no rule."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from app.core.actions import (
    CancelInvoice,
    CheckInvoice,
    ChooseMethod,
    EnterPromo,
    Menu,
    ShowHistory,
    TopUp,
)
from app.core.buttons import back, button, copy, in_rows, keyboard, styled, to_menu
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.locales.locales import translator

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.records import Invoice, LinkInvoice

ICONS = {
    PaymentMethod.YOOKASSA: "💳",
    PaymentMethod.STARS: "⭐",
    PaymentMethod.CRYPTOBOT: "🤖",
    PaymentMethod.TON: "💎",
    PaymentMethod.USDT: "💵",
}
PRESET_RUBLES = (150, 400, 600, 1000)


@lru_cache(maxsize=8)
def balance(language: str, *, can_pay: bool) -> InlineKeyboardMarkup:
    """Top up, where a way to pay is on."""
    t = translator(language)
    top_up = [button(t.plain("balance.top_up"), TopUp(missing=0), "primary")] if can_pay else []
    history = button(t.plain("history.open"), ShowHistory(id=0, payment=False, newer=False))
    return keyboard(top_up, [button(t.plain("promo.enter"), EnterPromo()), history], back(t))


def way(t: Translator, method: PaymentMethod) -> str:
    """A way to pay, with its sign."""
    return f"{ICONS[method]} {t.plain(f'method.{method}')}"


def methods(t: Translator, ways: tuple[PaymentMethod, ...], missing: int) -> InlineKeyboardMarkup:
    """The ways to pay."""
    return keyboard(
        *([button(way(t, each), ChooseMethod(method=each, kopecks=missing))] for each in ways),
        back(t, "balance"),
    )


def amounts(t: Translator, method: PaymentMethod, *, can_choose: bool) -> InlineKeyboardMarkup:
    """Usual sums, two a row; back to the ways to pay, where there is more than one."""
    offers = [
        button(t.money(Money.rub(rubles)), ChooseMethod(method=method, kopecks=rubles * 100))
        for rubles in PRESET_RUBLES
    ]
    way_back = [button(t.plain("menu.back"), TopUp(missing=0))] if can_choose else back(t, "balance")
    return keyboard(*in_rows(offers, 2), way_back)


def invoice(t: Translator, shown: Invoice) -> InlineKeyboardMarkup:
    """Pay from the wallet, copy what is needed, check, cancel."""
    return keyboard(
        [styled(t.plain("invoice.open_wallet"), "primary", url=shown.wallet_link)],
        copy(t.plain("invoice.copy_comment"), shown.comment) + copy(t.plain("invoice.copy_amount"), shown.coins),
        copy(t.plain("invoice.copy_address"), shown.address),
        _check_or_cancel(t, shown.payment_id),
    )


def link_invoice(t: Translator, shown: LinkInvoice, price: str) -> InlineKeyboardMarkup:
    """Pay at the link, check, cancel."""
    return keyboard(
        [styled(t.plain("invoice.pay", price=price), "primary", url=shown.pay_url)],
        _check_or_cancel(t, shown.payment_id),
    )


def _check_or_cancel(t: Translator, payment_id: int) -> list[InlineKeyboardButton]:
    return [
        button(t.plain("invoice.check"), CheckInvoice(id=payment_id)),
        button(t.plain("invoice.cancel"), CancelInvoice(id=payment_id)),
    ]


def top_up_again(t: Translator, amount: Money) -> InlineKeyboardMarkup:
    """After an invoice that ended unpaid: a new one over the same sum, or the menu."""
    text = t.plain("buy.top_up", missing=t.money(amount))
    return keyboard([button(text, TopUp(missing=amount.kopecks))], to_menu(t))


def paid(t: Translator) -> InlineKeyboardMarkup:
    """After money came: what people want next."""
    return keyboard(
        [button(t.plain("menu.plans"), Menu(page="plans"), "primary")],
        to_menu(t),
    )
