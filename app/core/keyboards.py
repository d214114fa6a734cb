"""Inline keyboards, localised. Holds no rule; what may be pressed is decided by who handles it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from aiogram.types import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, WebAppInfo

from app.core.actions import (
    BuyPlan,
    CancelInvoice,
    CheckInvoice,
    ChooseMethod,
    ChoosePlan,
    DeleteConfig,
    EnterPromo,
    GiftPlan,
    LeaveWaiting,
    Menu,
    NewConfig,
    ReissueLink,
    RemoveDevice,
    SetLanguage,
    ShowConfig,
    ShowDevices,
    ShowKey,
    TopUp,
    new_intent,
)
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.promo import Offer, discounted
from app.locales.locales import TRANSLATORS, translator
from app.services.records import ConfigStatus

if TYPE_CHECKING:
    from aiogram.filters.callback_data import CallbackData

    from app.domain.plans import Catalogue, Plan
    from app.locales.locales import Translator
    from app.services.records import Config, ConfigCard, Invoice, LinkInvoice

Style = Literal["primary", "success", "danger"]
COPY_LIMIT = 256
ICONS = {
    PaymentMethod.YOOKASSA: "💳",
    PaymentMethod.STARS: "⭐",
    PaymentMethod.CRYPTOBOT: "🤖",
    PaymentMethod.TON: "💎",
    PaymentMethod.USDT: "💵",
}
PRESET_RUBLES = (150, 400, 600, 1000)


def button(text: str, action: CallbackData, style: Style | None = None) -> InlineKeyboardButton:
    """A button that sends `action`."""
    return _button(text, style, callback_data=action.pack())


def _button(text: str, style: Style | None, **does: object) -> InlineKeyboardButton:
    """A button in a style; styles are newer than aiogram's model and go over the wire as extras."""
    styled = {} if style is None else {"style": style}
    return InlineKeyboardButton.model_validate({"text": text, **does, **styled})


def _copy(text: str, value: str, style: Style | None = None) -> list[InlineKeyboardButton]:
    """A button that copies `value`, where Telegram can: it takes 256 characters."""
    if len(value) > COPY_LIMIT:
        return []
    return [_button(text, style, copy_text=CopyTextButton(text=value))]


def _rows(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def _back(t: Translator, page: str = "home") -> list[InlineKeyboardButton]:
    return [button(t.plain("menu.back"), Menu(page=page))]


@lru_cache(maxsize=32)
def home(language: str, *, is_active: bool) -> InlineKeyboardMarkup:
    """The main menu; kept, since it is the same for everybody."""
    t = translator(language)
    return _rows(
        [button(t.plain("menu.vpn"), Menu(page="vpn"), "primary")],
        [button(t.plain("menu.renew" if is_active else "menu.plans"), Menu(page="plans"))],
        [button(t.plain("menu.balance"), Menu(page="balance"))],
        [button(t.plain("menu.invite"), Menu(page="invite"))],
        [button(t.plain("menu.settings"), Menu(page="settings")), button(t.plain("menu.help"), Menu(page="help"))],
    )


@lru_cache(maxsize=32)
def to_home(language: str) -> InlineKeyboardMarkup:
    """Just the way to the menu."""
    return _rows([button(translator(language).plain("menu.home"), Menu(page="home"))])


def my_vpn(t: Translator, configs: tuple[ConfigCard, ...], *, is_active: bool) -> InlineKeyboardMarkup:
    """The configs, and a button that makes one where there is time left."""
    rows = [
        [
            button(
                t.plain("vpn.card" if card.status is ConfigStatus.ACTIVE else "vpn.card_creating", name=card.name),
                ShowConfig(id=card.id),
            )
        ]
        for card in configs
    ]
    if is_active:
        new = t.plain("vpn.more" if configs else "vpn.new")
        rows.append([button(new, NewConfig(intent=new_intent()), None if configs else "primary")])
    else:
        rows.append([button(t.plain("menu.plans"), Menu(page="plans"), "primary")])
    return _rows(*rows, _back(t))


def config(t: Translator, shown: Config, url: str) -> InlineKeyboardMarkup:
    """What can be done with a config; one with a link of ours opens its page, has devices, can have another link."""
    is_ours = shown.public_url is not None
    new_link = [button(t.plain("config.reissue"), ReissueLink(id=shown.id, sure=False))] if is_ours else []
    its_devices = [button(t.plain("config.devices"), ShowDevices(id=shown.id))] if is_ours else []
    return _rows(
        _page(t.plain("config.connect"), f"{url}?lang={t.language}") if is_ours else [],
        _copy(t.plain("config.copy"), url, None if is_ours else "primary"),
        [
            button(t.plain("config.key"), ShowKey(id=shown.id)),
            button(t.plain("config.refresh"), ShowConfig(id=shown.id)),
        ],
        its_devices,
        [*new_link, button(t.plain("config.delete"), DeleteConfig(id=shown.id, sure=False))],
        _back(t, "vpn"),
    )


def devices(t: Translator, config_id: int, removable: list[tuple[int, str]]) -> InlineKeyboardMarkup:
    """A button for each device that gives its place free."""
    rows = [
        [button(t.plain("devices.remove", name=name), RemoveDevice(id=config_id, device=device_id))]
        for device_id, name in removable
    ]
    return _rows(
        *rows,
        [button(t.plain("config.refresh"), ShowDevices(id=config_id))],
        [button(t.plain("menu.back"), ShowConfig(id=config_id))],
    )


def _page(text: str, url: str) -> list[InlineKeyboardButton]:
    """A button that opens a page of ours: inside Telegram where it can, which takes https only."""
    if url.startswith("https://"):
        return [_button(text, "primary", web_app=WebAppInfo(url=url))]
    return [_button(text, "primary", url=url)]


def reissue_link(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """Yes, or back to the config."""
    return _rows(
        [button(t.plain("config.reissue_yes"), ReissueLink(id=config_id, sure=True), "primary")],
        [button(t.plain("menu.back"), ShowConfig(id=config_id))],
    )


def creating(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """While a config is being made: leaving sets the message free, so that it isn't turned under somebody's finger."""
    return _rows([button(t.plain("menu.back"), LeaveWaiting(id=config_id))])


def new_key(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """The config whose key changed."""
    return _rows([button(t.plain("config.new_key"), ShowConfig(id=config_id), "primary")])


def delete_config(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """Yes, or back to the config."""
    return _rows(
        [button(t.plain("config.delete_yes"), DeleteConfig(id=config_id, sure=True), "danger")],
        [button(t.plain("menu.back"), ShowConfig(id=config_id))],
    )


def plan_title(t: Translator, plan: Plan) -> str:
    """The plan's name in words; one that has no name of its own is named by its days."""
    key = f"plan.{plan.key}"
    return t.plain(key) if key in t.texts else t.count("day", plan.days)


@lru_cache(maxsize=64)
def plans(language: str, catalogue: Catalogue, percent_off: int = 0) -> InlineKeyboardMarkup:
    """The plans with their savings, the best one marked; prices less the discount that waits for the person."""
    t = translator(language)
    best = max(catalogue, key=catalogue.savings_percent)
    rows = []
    for plan in catalogue:
        percent = catalogue.savings_percent(plan)
        key = "plans.row_best" if percent and plan is best else "plans.row_saving" if percent else "plans.row"
        price = t.money(discounted(plan.price, percent_off))
        text = t.plain(key, title=plan_title(t, plan), price=price, percent=percent)
        rows.append([button(text, ChoosePlan(key=plan.key), "success" if percent and plan is best else None)])
    extras = [button(t.plain("promo.enter"), EnterPromo()), button(t.plain("menu.gifts"), Menu(page="gifts"))]
    return _rows(*rows, extras, _back(t))


def buy(t: Translator, offer: Offer) -> InlineKeyboardMarkup:
    """Buy, for oneself or as a gift, each under an intent minted here; or back."""
    key, version = offer.plan.key, offer.version
    return _rows(
        [
            button(
                t.plain("buy.yes", price=t.money(offer.price)),
                BuyPlan(key=key, version=version, intent=new_intent()),
                "success",
            )
        ],
        [button(t.plain("gift.buy"), GiftPlan(key=key, version=version, intent=new_intent()))],
        _back(t, "plans"),
    )


def top_up_missing(t: Translator, missing: Money) -> InlineKeyboardMarkup:
    """Top up just what is missing."""
    text = t.plain("buy.top_up", missing=t.money(missing))
    return _rows([button(text, TopUp(missing=missing.kopecks), "success")], _back(t, "plans"))


def top_up_again(t: Translator, amount: Money) -> InlineKeyboardMarkup:
    """After an invoice that ended unpaid: a new one over the same sum, or the menu."""
    text = t.plain("buy.top_up", missing=t.money(amount))
    return _rows([button(text, TopUp(missing=amount.kopecks))], [button(t.plain("menu.home"), Menu(page="home"))])


def bought(t: Translator) -> InlineKeyboardMarkup:
    """After a purchase: to the configs."""
    return _rows(
        [button(t.plain("menu.vpn"), Menu(page="vpn"), "primary")], [button(t.plain("menu.home"), Menu(page="home"))]
    )


@lru_cache(maxsize=8)
def balance(language: str, *, can_pay: bool) -> InlineKeyboardMarkup:
    """Top up, where a way to pay is on."""
    t = translator(language)
    top_up = [button(t.plain("balance.top_up"), TopUp(missing=0), "primary")] if can_pay else []
    return _rows(top_up, [button(t.plain("promo.enter"), EnterPromo())], _back(t))


def _way(t: Translator, method: PaymentMethod) -> str:
    return f"{ICONS[method]} {t.plain(f'method.{method}')}"


def methods(t: Translator, ways: tuple[PaymentMethod, ...], missing: int) -> InlineKeyboardMarkup:
    """The ways to pay."""
    return _rows(
        *([button(_way(t, way), ChooseMethod(method=way, kopecks=missing))] for way in ways),
        _back(t, "balance"),
    )


def amounts(t: Translator, method: PaymentMethod) -> InlineKeyboardMarkup:
    """Usual sums, two a row."""
    offers = [
        button(t.money(Money.rub(rubles)), ChooseMethod(method=method, kopecks=rubles * 100))
        for rubles in PRESET_RUBLES
    ]
    return _rows(offers[:2], offers[2:], _back(t, "balance"))


def invoice(t: Translator, shown: Invoice) -> InlineKeyboardMarkup:
    """Pay from the wallet, copy what is needed, check, cancel."""
    return _rows(
        [_button(t.plain("invoice.open_wallet"), "primary", url=shown.wallet_link)],
        _copy(t.plain("invoice.copy_comment"), shown.comment) + _copy(t.plain("invoice.copy_amount"), shown.coins),
        _copy(t.plain("invoice.copy_address"), shown.address),
        [
            button(t.plain("invoice.check"), CheckInvoice(id=shown.payment_id)),
            button(t.plain("invoice.cancel"), CancelInvoice(id=shown.payment_id)),
        ],
    )


def link_invoice(t: Translator, shown: LinkInvoice, price: str) -> InlineKeyboardMarkup:
    """Pay at the link, check, cancel."""
    return _rows(
        [_button(t.plain("invoice.pay", price=price), "primary", url=shown.pay_url)],
        [
            button(t.plain("invoice.check"), CheckInvoice(id=shown.payment_id)),
            button(t.plain("invoice.cancel"), CancelInvoice(id=shown.payment_id)),
        ],
    )


def paid(t: Translator) -> InlineKeyboardMarkup:
    """After money came: what people want next."""
    return _rows(
        [button(t.plain("menu.plans"), Menu(page="plans"), "primary")],
        [button(t.plain("menu.home"), Menu(page="home"))],
    )


def invite(t: Translator, link: str) -> InlineKeyboardMarkup:
    """Share the link, or copy it."""
    return _rows(*_share(t, link, t.plain("invite.pitch")), _back(t))


def gift(t: Translator, link: str) -> InlineKeyboardMarkup:
    """Share a gift, or copy its link."""
    return _rows(*_share(t, link, t.plain("gift.pitch")), [button(t.plain("menu.gifts"), Menu(page="gifts"))])


def _share(t: Translator, link: str, pitch: str) -> tuple[list[InlineKeyboardButton], list[InlineKeyboardButton]]:
    share = f"https://t.me/share/url?url={quote(link, safe='')}&text={quote(pitch, safe='')}"
    return [_button(t.plain("invite.share"), "primary", url=share)], _copy(t.plain("invite.copy"), link)


@lru_cache(maxsize=8)
def back_to(language: str, page: str) -> InlineKeyboardMarkup:
    """Just the way back to a page."""
    return _rows(_back(translator(language), page))


@lru_cache(maxsize=8)
def settings(language: str) -> InlineKeyboardMarkup:
    """The languages there are."""
    t = translator(language)
    languages = [
        button(("✓ " if code == language else "") + other.plain("language.name"), SetLanguage(code=code))
        for code, other in TRANSLATORS.items()
    ]
    return _rows(languages, _back(t))


@lru_cache(maxsize=8)
def help_page(language: str, support: str | None) -> InlineKeyboardMarkup:
    """Support, where there is one, and back."""
    t = translator(language)
    contact = [InlineKeyboardButton(text=t.plain("help.support"), url=f"https://t.me/{support}")] if support else []
    return _rows([button(t.plain("menu.vpn"), Menu(page="vpn"))], contact, _back(t))
