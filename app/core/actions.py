"""What buttons carry: typed callback data, one short prefix each, within 64 bytes. Carries ids, never prices.

Messages keep their buttons for years, so each kind of data bears a version behind its prefix: `buy1:sub_3m:…`. Where
the fields of a kind come to mean something else, its version goes up: what older buttons carry is then told from what
new ones do, and answered with a fresh screen. Data without a version was sent before there were any, and is a 1.
"""

from __future__ import annotations

import secrets
from string import digits
from typing import Any, ClassVar

from aiogram.filters.callback_data import CallbackData

FIRST_VERSION = 1


class Action(CallbackData, prefix="action"):
    """What a button does. `section` is the page of the menu that is shown in its place when it is out of date."""

    kind: ClassVar[str]
    section: ClassVar[str]

    def __init_subclass__(
        cls, *, prefix: str, version: int = FIRST_VERSION, section: str = "home", **more: Any
    ) -> None:
        super().__init_subclass__(prefix=f"{prefix}{version}", **more)
        cls.kind, cls.section = prefix, section


class Menu(Action, prefix="m"):
    """Open one of the menu's pages."""

    page: str


class ChoosePlan(Action, prefix="plan", section="plans"):
    """Show what buying this plan means."""

    key: str


class BuyPlan(Action, prefix="buy", section="plans"):
    """Buy the plan as shown (`version`), once for this `intent`."""

    key: str
    version: str
    intent: str


class GiftPlan(Action, prefix="gift", section="plans"):
    """Buy the plan as shown (`version`) for somebody else, once for this `intent`."""

    key: str
    version: str
    intent: str


class PayFor(Action, prefix="for", section="plans"):
    """Pay for the plan as shown (`version`) what the balance lacks, once for this `intent`; how, once it is chosen."""

    key: str
    version: str
    intent: str
    is_gift: bool
    method: str = ""


class EnterPromo(Action, prefix="promo", section="balance"):
    """Begin to type a promo code."""


class EnterPromoAtPlans(Action, prefix="code", section="plans"):
    """The same among the plans, which is where one goes back to."""


class NewConfig(Action, prefix="new", section="vpn"):
    """Make a config, once for this `intent`, after the question where, if there is a choice."""

    intent: str


class MakeConfig(Action, prefix="mk", section="vpn"):
    """Make a config in a country, or on the best panel where it is empty, once for this `intent`."""

    intent: str
    country: str


class Connect(Action, prefix="go"):
    """Begin to use the VPN: have a config, made once for this `intent`, and say for which device."""

    intent: str


class AskDevice(Action, prefix="how", section="vpn"):
    """Ask on which device a config is to be used."""

    id: int


class ShowGuide(Action, prefix="gd", section="vpn"):
    """Show how a config comes onto a system."""

    id: int
    system: str


class ShowConfig(Action, prefix="cfg", section="vpn"):
    """Show a config."""

    id: int


class LeaveWaiting(Action, prefix="wait", section="vpn"):
    """Leave the message that waits for a config; it will come as a new one."""

    id: int


class ShowKey(Action, prefix="key", section="vpn"):
    """Send a config's bare key."""

    id: int


class ReissueLink(Action, prefix="link", section="vpn"):
    """Ask whether to give a config a new link, or give it one."""

    id: int
    sure: bool


class RenameConfig(Action, prefix="ren", section="vpn"):
    """Begin to type a config's new name."""

    id: int


class ShowTraffic(Action, prefix="traf", section="vpn"):
    """Show the traffic of a config by the day; 0 is all of them."""

    id: int


class ShowLocations(Action, prefix="locs", section="vpn"):
    """Ask in which country a config is to stand."""

    id: int


class MoveConfig(Action, prefix="mv", section="vpn"):
    """Have a config move to a country, or to the best panel where it is empty."""

    id: int
    country: str


class ShowDevices(Action, prefix="devs", section="vpn"):
    """Show the devices of a config."""

    id: int


class RemoveDevice(Action, prefix="undev", section="vpn"):
    """Give the place of a config's device free."""

    id: int
    device: int


class DeleteConfig(Action, prefix="del", section="vpn"):
    """Ask whether to delete a config, or delete it."""

    id: int
    sure: bool


class TopUp(Action, prefix="top", section="balance"):
    """Begin a top-up; `missing` is a sum in kopecks to offer, 0 for none. It is only a suggestion."""

    missing: int


class ChooseMethod(Action, prefix="pay", section="balance"):
    """Choose how to pay; `kopecks` is the sum if it is chosen already."""

    method: str
    kopecks: int


class CheckInvoice(Action, prefix="chk", section="balance"):
    """Ask how a payment stands."""

    id: int


class CancelInvoice(Action, prefix="cxl", section="balance"):
    """Close an unpaid invoice."""

    id: int


class ShowHistory(Action, prefix="hist", section="balance"):
    """Show a page of the history: behind the entry of that id, or before it (`newer`); 0 for the newest."""

    id: int
    payment: bool
    newer: bool


class ShowReceipt(Action, prefix="rcpt", section="balance"):
    """Show the receipt of an entry; `at`, `at_payment` and `newer` say which page to go back to."""

    id: int
    payment: bool
    at: int
    at_payment: bool
    newer: bool


class ChooseSubject(Action, prefix="sup", section="help"):
    """Say what a request to support is about."""

    category: str


class AskSupport(Action, prefix="ask", section="help"):
    """Begin to write to support, about the entry of that id of the history; 0 for none."""

    category: str
    id: int
    payment: bool


class CloseTicket(Action, prefix="solved", section="help"):
    """Say that a request is solved."""

    id: int


class CheckChannel(Action, prefix="gate"):
    """Ask Telegram anew whether the person is in the required channel."""


class SetLanguage(Action, prefix="lang", section="settings"):
    """Choose a language."""

    code: str


class ShowRenewal(Action, prefix="auto", section="plans"):
    """Show how the subscription renews itself, or the plans for it; `back` is the page that one came from."""

    back: str
    choosing: bool = False


class AgreeRenewal(Action, prefix="autoon", section="plans"):
    """Renew by this plan as shown (`version`) from now on."""

    key: str
    version: str
    back: str


class StopRenewal(Action, prefix="autooff", section="plans"):
    """Renew nothing by itself any more."""

    back: str


class ShowReminders(Action, prefix="bells", section="settings"):
    """Show whether one is reminded of the subscription's end."""


class SetReminders(Action, prefix="bell", section="settings"):
    """Be reminded, or not."""

    wanted: bool


def kind_of(data: str) -> str:
    """The kind of action that a button carries, whatever its version."""
    return data.partition(":")[0].rstrip(digits)


def section_of(data: str) -> str:
    """The page of the menu to which a button belongs, whatever its version; home for what is no button of ours."""
    kind = kind_of(data)
    return next((action.section for action in Action.__subclasses__() if action.kind == kind), "home")


def new_intent() -> str:
    """A fresh name for one wish: repeating a button that carries it repeats the answer, not the deed."""
    return secrets.token_urlsafe(9)
