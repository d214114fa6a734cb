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
    """Make a config, once for this `intent`, after the question where, if there is a choice."""

    intent: str


class MakeConfig(CallbackData, prefix="mk"):
    """Make a config in a country, or on the best panel where it is empty, once for this `intent`."""

    intent: str
    country: str


class Connect(CallbackData, prefix="go"):
    """Begin to use the VPN: have a config, made once for this `intent`, and say for which device."""

    intent: str


class AskDevice(CallbackData, prefix="how"):
    """Ask on which device a config is to be used."""

    id: int


class ShowGuide(CallbackData, prefix="gd"):
    """Show how a config comes onto a system."""

    id: int
    system: str


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


class RenameConfig(CallbackData, prefix="ren"):
    """Begin to type a config's new name."""

    id: int


class ShowTraffic(CallbackData, prefix="traf"):
    """Show the traffic of a config by the day; 0 is all of them."""

    id: int


class ShowLocations(CallbackData, prefix="locs"):
    """Ask in which country a config is to stand."""

    id: int


class MoveConfig(CallbackData, prefix="mv"):
    """Have a config move to a country, or to the best panel where it is empty."""

    id: int
    country: str


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


def new_intent() -> str:
    """A fresh name for one wish: repeating a button that carries it repeats the answer, not the deed."""
    return secrets.token_urlsafe(9)
