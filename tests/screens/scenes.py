"""Every screen of the bot, by name, and how to get there. Pictures, counts and tests all walk over this one list.

What a scene is about is what `opens` it: a button's data, a text that is typed, or a notice that comes. `given` is what
has happened before. A screen, a button, a command, a dialogue or a notice that no scene shows fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiogram.filters.callback_data import CallbackData

from app.core import actions as a
from app.domain.money import Money
from app.domain.pending import Wish
from app.domain.plans import Plan
from app.domain.promo import PromoKind
from app.domain.reminders import Step as Occasion
from app.services.pending_records import facts_of
from app.services.records import NoticeKind
from tests.screens.guest import (
    PLAN,
    Guest,
    arrives,
    has_bought,
    has_config,
    has_countries,
    has_device,
    has_lapsed,
    has_money,
    has_traffic,
    is_at_the_menu,
    is_banned,
    knows_code,
    reads_no_news,
    renews,
    waits_for_config,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.telegram.history import Answer

    Step = Callable[[Guest], Awaitable[None]]
    Choice = Callable[[Guest], Awaitable[CallbackData]]

SUM = {"amount": "400.00", "receipt": "17"}


@dataclass(frozen=True)
class Notice:
    """What a notice says; `message` has it take the place of the newest message."""

    kind: NoticeKind
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reminder:
    """An occasion so many days before the end of the subscription."""

    occasion: Occasion
    days: int


@dataclass(frozen=True)
class Scene:
    """One screen; `is_new` has the person not know the bot yet."""

    name: str
    opens: CallbackData | Choice | Notice | Reminder | str
    given: tuple[Step, ...] = ()
    is_new: bool = False

    @property
    def is_told(self) -> bool:
        """Whether it comes by itself."""
        return isinstance(self.opens, Notice | Reminder)

    @property
    def changes_a_message(self) -> bool:
        """Whether it takes the place of the newest message."""
        if isinstance(self.opens, Notice):
            return bool(self.opens.facts.get("message"))
        if isinstance(self.opens, Reminder):
            return False
        return not isinstance(self.opens, str) or ":" in self.opens

    async def prepare(self, guest: Guest) -> None:
        """All that happens before."""
        for step in (() if self.is_new else (arrives,)) + self.given:
            await step(guest)
            await guest.floor.rested()

    async def data(self, guest: Guest) -> str | None:
        """What the button carries, None where no button opens the scene."""
        if isinstance(self.opens, CallbackData):
            return self.opens.pack()
        if isinstance(self.opens, str):
            return self.opens if self.changes_a_message else None
        return None if isinstance(self.opens, Notice | Reminder) else (await self.opens(guest)).pack()

    async def open(self, guest: Guest) -> Answer | None:
        """The scene stands in the chat; the answer to the button that opened it."""
        data = await self.data(guest)
        if data is not None:
            return await guest.presses(data)
        if isinstance(self.opens, Notice):
            facts = {name: await value(guest) if callable(value) else value for name, value in self.opens.facts.items()}
            await guest.told(self.opens.kind, **facts)
        elif isinstance(self.opens, Reminder):
            await guest.reminded(self.opens.occasion, timedelta(days=self.opens.days))
        else:
            await guest.says(str(self.opens))
        return None


def page(name: str) -> a.Menu:
    """A page of the menu."""
    return a.Menu(page=name)


def of(action: type[CallbackData], what: str, **more: Any) -> Choice:
    """A button about the person's newest `what`."""

    async def chosen(guest: Guest) -> CallbackData:
        return action(id=await guest.newest(what), **more)

    return chosen


def pressed(*buttons: CallbackData | Choice) -> Step:
    """These buttons were pressed before."""

    async def done(guest: Guest) -> None:
        for button in buttons:
            await guest.presses(button if isinstance(button, CallbackData) else await button(guest))

    return done


def typed(*words: str) -> Step:
    """These messages were sent before."""

    async def done(guest: Guest) -> None:
        for said in words:
            await guest.says(said)

    return done


def plan(action: type[CallbackData]) -> Choice:
    """Buy a plan as it is on sale."""

    async def chosen(guest: Guest) -> CallbackData:
        sold = guest.floor.app.settings.catalogue().get(PLAN)
        return action(key=sold.key, version=sold.version, intent=a.new_intent())

    return chosen


async def remove_device(guest: Guest) -> a.RemoveDevice:
    """Take away the first device."""
    return a.RemoveDevice(id=await guest.newest("config"), device=await guest.newest("device"))


async def config_id(guest: Guest) -> int:
    """The newest config."""
    return int(await guest.newest("config"))


def invoice(method: str) -> a.ChooseMethod:
    """A sum and a way to pay are chosen."""
    return a.ChooseMethod(method=method, kopecks=40_000)


def pay_for(method: str = "", *, is_gift: bool = False) -> Choice:
    """Pay for a plan in the same go."""

    async def chosen(guest: Guest) -> CallbackData:
        sold = guest.floor.app.settings.catalogue().get(PLAN)
        return a.PayFor(key=sold.key, version=sold.version, intent="a-scene", is_gift=is_gift, method=method)

    return chosen


def unmade(why: str, **more: str) -> Notice:
    """Why a plan was not bought although money came for it."""
    return Notice(NoticeKind.PURCHASE_UNMADE, {**SUM, **facts_of(WISH), "why": why, "balance": "150.00", **more})


SOLD = Plan(PLAN, 90, Money.rub(349), 3)
WISH = Wish(SOLD, 0, SOLD.price, "a-scene", is_gift=False)
GIFT = Wish(SOLD, 0, SOLD.price, "a-scene", is_gift=True)
LEFT = {"balance": "51.00", "end": "2027-03-06T12:00:00+00:00", "code": "ABCD2345EFGH6789"}
NEW = a.NewConfig(intent="a-scenes-wish")
HALF = knows_code("HALF", PromoKind.PERCENT, 50)
MONEY = knows_code("MONEY", PromoKind.BALANCE, 100)
WEEK = knows_code("WEEK", PromoKind.DAYS, 7)

MENU = (
    Scene("welcome", "/start", is_new=True),
    Scene("home-trial", page("home"), (is_at_the_menu,)),
    Scene("home-active", page("home"), (has_bought, is_at_the_menu)),
    Scene("home-none", page("home"), (has_lapsed, is_at_the_menu)),
    Scene("start-again", "/start"),
    Scene("menu-command", "/menu"),
    Scene("unexpected-text", "?"),
    Scene("settings", page("settings")),
    Scene("language-changed", a.SetLanguage(code="en"), (is_at_the_menu,)),
    Scene("language-command", "/language"),
    Scene("help", page("help")),
    Scene("help-command", "/help"),
    Scene("invite", page("invite")),
    Scene("terms", "/terms"),
    Scene("privacy", "/privacy"),
    Scene("paysupport", "/paysupport"),
)
CONFIGS = (
    Scene("vpn-empty", page("vpn")),
    Scene("vpn-list", page("vpn"), (has_bought, has_config, waits_for_config)),
    Scene("vpn-none", page("vpn"), (has_lapsed,)),
    Scene("config-creating", NEW),
    Scene(
        "config-delayed",
        Notice(NoticeKind.CONFIG_DELAYED, {"config_id": config_id, "message": True}),
        (waits_for_config,),
    ),
    Scene("config-ready", of(a.ShowConfig, "config"), (has_config,)),
    Scene("config-ready-notice", Notice(NoticeKind.CONFIG_READY, {"config_id": config_id}), (has_config,)),
    Scene("config-left-waiting", of(a.LeaveWaiting, "config"), (waits_for_config,)),
    Scene("config-key", of(a.ShowKey, "config"), (has_config,)),
    Scene("config-reissue", of(a.ReissueLink, "config", sure=False), (has_config,)),
    Scene("config-reissued", of(a.ReissueLink, "config", sure=True), (has_config,)),
    Scene("config-delete", of(a.DeleteConfig, "config", sure=False), (has_config,)),
    Scene("config-deleted", of(a.DeleteConfig, "config", sure=True), (has_config,)),
    Scene("config-too-many", NEW, (has_config, is_at_the_menu)),
    Scene("config-moved", Notice(NoticeKind.CONFIG_MOVED, {"config_id": config_id}), (has_config,)),
    Scene(
        "config-paused",
        Notice(
            NoticeKind.CONFIG_PAUSED,
            {"name": "VPN 1", "addresses": 5, "most": 2, "ends_at": "2026-11-30T12:00:00+00:00"},
        ),
    ),
    Scene("devices-none", of(a.ShowDevices, "config"), (has_config,)),
    Scene("devices", of(a.ShowDevices, "config"), (has_config, has_device)),
    Scene("device-removed", remove_device, (has_config, has_device)),
)
CONNECT = (
    Scene("connect", a.Connect(intent="a-scenes-wish")),
    Scene("connect-again", of(a.AskDevice, "config"), (has_config,)),
    Scene("guide", of(a.ShowGuide, "config", system="ios"), (has_config,)),
    Scene("guide-desktop", of(a.ShowGuide, "config", system="windows"), (has_config,)),
    Scene(
        "guide-waiting",
        of(a.ShowGuide, "config", system="android"),
        (waits_for_config, pressed(of(a.AskDevice, "config"))),
    ),
)
NAMES = (
    Scene("config-rename", of(a.RenameConfig, "config"), (has_config,)),
    Scene("config-renamed", "Мама 👩‍👦", (has_config, pressed(of(a.RenameConfig, "config")))),
    Scene("config-wrong-name", "x" * 100, (has_config, pressed(of(a.RenameConfig, "config")))),
)
TRAFFIC = (
    Scene("traffic-none", a.ShowTraffic(id=0)),
    Scene("traffic", a.ShowTraffic(id=0), (has_config, has_traffic)),
    Scene("traffic-of-config", of(a.ShowTraffic, "config"), (has_config, has_traffic)),
)
LOCATIONS = (
    Scene("location-asked", NEW, (has_countries,)),
    Scene("location-chosen", a.MakeConfig(intent="a-scenes-wish", country="DE"), (has_countries,)),
    Scene("location-gone", a.MakeConfig(intent="a-scenes-wish", country="FR"), (has_countries,)),
    Scene("config-with-location", of(a.ShowConfig, "config"), (has_config, has_countries)),
    Scene("locations", of(a.ShowLocations, "config"), (has_config, has_countries)),
    Scene("config-moving", of(a.MoveConfig, "config", country="NL"), (has_config, has_countries)),
    Scene("config-located", Notice(NoticeKind.CONFIG_LOCATED, {"config_id": config_id}), (has_config, has_countries)),
    Scene("config-stayed", Notice(NoticeKind.CONFIG_STAYED, {"config_id": config_id}), (has_config, has_countries)),
)
SALES = (
    Scene("plans", page("plans")),
    Scene("plans-discount", page("plans"), (HALF, typed("/promo HALF"))),
    Scene("plan", a.ChoosePlan(key=PLAN), (has_money,)),
    Scene("plan-discount", a.ChoosePlan(key=PLAN), (HALF, has_money, typed("/promo HALF"))),
    Scene("plan-short", a.ChoosePlan(key=PLAN)),
    Scene("plan-method", pay_for()),
    *(Scene(f"plan-invoice-{method}", pay_for(method)) for method in ("ton", "stars")),
    Scene("gift-invoice", pay_for("ton", is_gift=True)),
    Scene("plan-paid", Notice(NoticeKind.PURCHASE_MADE, {**SUM, **facts_of(WISH), **LEFT})),
    Scene("plan-paid-again", Notice(NoticeKind.PURCHASE_MADE, {**SUM, **facts_of(WISH), **LEFT}), (has_config,)),
    Scene("gift-paid", Notice(NoticeKind.PURCHASE_MADE, {**SUM, **facts_of(GIFT), **LEFT})),
    Scene("plan-paid-short", unmade("short")),
    Scene("plan-paid-dearer", unmade("changed", price_now="399.00")),
    Scene("plan-paid-gone", unmade("changed")),
    Scene("plan-paid-late", unmade("late", price_now="349.00")),
    Scene(
        "plan-invoice-expired",
        Notice(NoticeKind.PAYMENT_EXPIRED, {**SUM, **facts_of(WISH), "message": True}),
        (pressed(pay_for("ton")),),
    ),
    Scene("bought", plan(a.BuyPlan), (has_money,)),
    Scene("gift-bought", plan(a.GiftPlan), (has_money,)),
    Scene("gifts-none", page("gifts")),
    Scene("gifts", page("gifts"), (has_money, pressed(plan(a.GiftPlan)))),
    Scene("gift-redeemed-notice", Notice(NoticeKind.GIFT_REDEEMED, {"days": 90})),
    Scene("promo", a.EnterPromo()),
    Scene("promo-at-plans", a.EnterPromoAtPlans()),
    Scene("promo-command", "/promo"),
    Scene("promo-unknown", "NOSUCHCODE", (pressed(a.EnterPromo()),)),
    Scene("promo-rubles", "MONEY", (MONEY, pressed(a.EnterPromo()))),
    Scene("promo-days", "WEEK", (WEEK, pressed(a.EnterPromo()))),
    Scene("promo-discount", "HALF", (HALF, pressed(a.EnterPromo()))),
    Scene("promo-used", "/promo WEEK", (WEEK, typed("/promo WEEK"))),
    Scene("purchase-returned", Notice(NoticeKind.PURCHASE_RETURNED, {"amount": "349.00", "debt": "0.00"})),
    Scene("purchase-returned-debt", Notice(NoticeKind.PURCHASE_RETURNED, {"amount": "300.00", "debt": "49.00"})),
)
TOP_UPS = (
    Scene("balance", page("balance")),
    Scene("top-up", a.TopUp(missing=0)),
    Scene("top-up-amount", a.ChooseMethod(method="ton", kopecks=0)),
    Scene("top-up-wrong-amount", "a lot", (pressed(a.ChooseMethod(method="ton", kopecks=0)),)),
    *(Scene(f"invoice-{method}", invoice(method)) for method in ("ton", "usdt", "stars", "cryptobot", "yookassa")),
    Scene("invoice-typed", "150", (pressed(a.ChooseMethod(method="ton", kopecks=0)),)),
    Scene("invoice-waiting", of(a.CheckInvoice, "payment"), (pressed(invoice("ton")),)),
    Scene("invoice-cancelled", of(a.CancelInvoice, "payment"), (pressed(invoice("stars")),)),
    Scene(
        "invoice-closed",
        of(a.CheckInvoice, "payment"),
        (pressed(invoice("stars"), of(a.CancelInvoice, "payment")),),
    ),
    Scene("invoice-paid", of(a.CheckInvoice, "payment"), (has_money,)),
    Scene("payment-confirmed", Notice(NoticeKind.PAYMENT_CONFIRMED, SUM)),
    Scene("payment-expired", Notice(NoticeKind.PAYMENT_EXPIRED, {**SUM, "message": True}), (pressed(invoice("ton")),)),
    Scene("payment-refunded", Notice(NoticeKind.PAYMENT_REFUNDED, SUM)),
    Scene("balance-added", Notice(NoticeKind.BALANCE_ADJUSTED, {"amount": "100.00"})),
    Scene("balance-taken", Notice(NoticeKind.BALANCE_ADJUSTED, {"amount": "-100.00"})),
    Scene("referral-bonus", Notice(NoticeKind.REFERRAL_BONUS, {"amount": "50.00"})),
)
RENEWAL = a.ShowRenewal(back="plans")
WENT = {"price": "129.00", "balance": "271.00", "end": "2026-12-30T12:00:00+00:00", "receipt": "17"}


async def agree(guest: Guest) -> a.AgreeRenewal:
    """Renew by a plan as it is on sale."""
    sold = guest.floor.app.settings.catalogue().get(PLAN)
    return a.AgreeRenewal(key=sold.key, version=sold.version, back="plans")


BY_ITSELF = (
    Scene("renewal-off", RENEWAL),
    Scene("renewal-switched-on", agree, (has_money,)),
    Scene("renewal-short", RENEWAL, (renews, is_at_the_menu)),
    Scene("renewal-later", RENEWAL, (has_lapsed, renews, is_at_the_menu)),
    Scene("renewal-plans", a.ShowRenewal(back="plans", choosing=True), (renews,)),
    Scene("renewal-switched-off", a.StopRenewal(back="plans"), (renews,)),
    Scene("renewal-old-price", a.AgreeRenewal(key=PLAN, version="0000", back="plans")),
    Scene("reminders-on", a.ShowReminders()),
    Scene("reminders-off", a.SetReminders(wanted=False)),
    Scene("renewed", Notice(NoticeKind.RENEWED, WENT)),
    Scene("renews-soon", Reminder(Occasion.SOON, 3), (has_money, renews)),
    Scene("renews-soon-short", Reminder(Occasion.SOON, 3), (renews,)),
    Scene("not-renewed", Reminder(Occasion.UNRENEWED, 1), (renews,)),
    Scene("ended-not-renewed", Reminder(Occasion.ENDED, 0), (renews,)),
    Scene("ends-soon", Reminder(Occasion.SOON, 3), (has_bought,)),
    Scene("ends-tomorrow", Reminder(Occasion.LAST, 1), (has_bought,)),
    Scene("ended", Reminder(Occasion.ENDED, 0), (has_bought,)),
    Scene("missed", Reminder(Occasion.MISSED, -4), (has_bought,)),
    Scene("trial-ends", Reminder(Occasion.LAST, 1)),
    Scene("trial-ended", Reminder(Occasion.ENDED, 0)),
)
HISTORY = a.ShowHistory(id=0, payment=False, newer=False)
RECEIPT = of(a.ShowReceipt, "payment", payment=True, at=0, at_payment=False, newer=False)
ASKED = (pressed(a.ChooseSubject(category="vpn")), typed("It does not connect"))
HELP = (
    Scene("history-none", HISTORY),
    Scene("history", HISTORY, (has_bought, pressed(plan(a.GiftPlan), invoice("stars")))),
    Scene("receipt", RECEIPT, (has_money,)),
    Scene("receipt-waiting", RECEIPT, (pressed(invoice("ton")),)),
    Scene("support", page("support")),
    Scene("support-which", a.ChooseSubject(category="payment"), (has_money,)),
    Scene("support-write", a.ChooseSubject(category="vpn")),
    Scene("support-write-about", of(a.AskSupport, "payment", category="payment", payment=True), (has_money,)),
    Scene("support-sent", "It does not connect", (pressed(a.ChooseSubject(category="vpn")),)),
    Scene("support-open", page("support"), ASKED),
    Scene("support-solved", of(a.CloseTicket, "ticket"), ASKED),
    Scene("ticket-closed", Notice(NoticeKind.TICKET_CLOSED, {"number": 17})),
    Scene("gate", "/start", (reads_no_news,), is_new=True),
    Scene("gate-passed", a.CheckChannel(), (is_at_the_menu,)),
)
REFUSALS = (
    Scene("gone", of(a.ShowConfig, "config"), (has_config, pressed(of(a.DeleteConfig, "config", sure=True)))),
    Scene("old-button", "zz9:1"),
    Scene("old-price", a.BuyPlan(key=PLAN, version="old", intent="a-scene"), (has_money,)),
    Scene("old-plan", a.ChoosePlan(key="sub_99m")),
    Scene("no-subscription", NEW, (has_lapsed,)),
    Scene("banned", "/menu", (is_banned,)),
)
CHAPTERS = {
    "Menu": MENU,
    "The first minute": CONNECT,
    "My VPN": CONFIGS,
    "Names": NAMES,
    "Traffic": TRAFFIC,
    "Plans, gifts and codes": SALES,
    "Balance": TOP_UPS,
    "By itself": BY_ITSELF,
    "History and help": HELP,
    "What is refused": REFUSALS,
    "Countries": LOCATIONS,  # the last, for from then on the shop has a second panel
}
SCENES = tuple(scene for scenes in CHAPTERS.values() for scene in scenes)
