"""What buttons carry: typed callback data, one short prefix each, within 64 bytes. Carries ids, never prices."""

from __future__ import annotations

import secrets

from aiogram.filters.callback_data import CallbackData


class Menu(CallbackData, prefix="m"):
    """Open one of the menu's pages."""

    page: str


class ChoosePlan(CallbackData, prefix="plan"):
    """Show what buying this plan means."""

    key: str


class BuyPlan(CallbackData, prefix="buy"):
    """Buy the plan as shown (`version`), once for this `intent`."""

    key: str
    version: str
    intent: str


class GiftPlan(CallbackData, prefix="gift"):
    """Buy the plan as shown (`version`) for somebody else, once for this `intent`."""

    key: str
    version: str
    intent: str


class EnterPromo(CallbackData, prefix="promo"):
    """Begin to type a promo code."""


class NewConfig(CallbackData, prefix="new"):
    """Make a config, once for this `intent`."""

    intent: str


class ShowConfig(CallbackData, prefix="cfg"):
    """Show a config."""

    id: int


class LeaveWaiting(CallbackData, prefix="wait"):
    """Leave the message that waits for a config; it will come as a new one."""

    id: int


class ShowKey(CallbackData, prefix="key"):
    """Send a config's bare key."""

    id: int


class ReissueLink(CallbackData, prefix="link"):
    """Ask whether to give a config a new link, or give it one."""

    id: int
    sure: bool


class ShowDevices(CallbackData, prefix="devs"):
    """Show the devices of a config."""

    id: int


class RemoveDevice(CallbackData, prefix="undev"):
    """Give the place of a config's device free."""

    id: int
    device: int


class DeleteConfig(CallbackData, prefix="del"):
    """Ask whether to delete a config, or delete it."""

    id: int
    sure: bool


class TopUp(CallbackData, prefix="top"):
    """Begin a top-up; `missing` is a sum in kopecks to offer, 0 for none. It is only a suggestion."""

    missing: int


class ChooseMethod(CallbackData, prefix="pay"):
    """Choose how to pay; `kopecks` is the sum if it is chosen already."""

    method: str
    kopecks: int


class CheckInvoice(CallbackData, prefix="chk"):
    """Ask how a payment stands."""

    id: int


class CancelInvoice(CallbackData, prefix="cxl"):
    """Close an unpaid invoice."""

    id: int


class SetLanguage(CallbackData, prefix="lang"):
    """Choose a language."""

    code: str


class ShowRenewal(CallbackData, prefix="auto"):
    """Show how the subscription renews itself, or the plans for it; `back` is the page that one came from."""

    back: str
    choosing: bool = False


class AgreeRenewal(CallbackData, prefix="auto_on"):
    """Renew by this plan as shown (`version`) from now on."""

    key: str
    version: str
    back: str


class StopRenewal(CallbackData, prefix="auto_off"):
    """Renew nothing by itself any more."""

    back: str


class ShowReminders(CallbackData, prefix="bells"):
    """Show whether one is reminded of the subscription's end."""


class SetReminders(CallbackData, prefix="bell"):
    """Be reminded, or not."""

    wanted: bool


def new_intent() -> str:
    """A fresh name for one wish: repeating a button that carries it repeats the answer, not the deed."""
    return secrets.token_urlsafe(9)
