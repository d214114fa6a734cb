"""My VPN's keyboards: the configs, one config, its devices, its questions. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiogram.types import InlineKeyboardMarkup

from app.core.actions import (
    AskDevice,
    DeleteConfig,
    LeaveWaiting,
    Menu,
    NewConfig,
    ReissueLink,
    RemoveDevice,
    RenameConfig,
    ShowConfig,
    ShowDevices,
    ShowKey,
    ShowLocations,
    ShowRenewal,
    ShowTraffic,
    new_intent,
)
from app.core.buttons import back, button, copy, keyboard, open_page, to_config
from app.services.records import ConfigStatus

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.records import Config, ConfigCard


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
    rows.append([button(t.plain("renewal.menu"), ShowRenewal(back="vpn"))])
    return keyboard(*rows, back(t))


def config(t: Translator, shown: Config, url: str) -> InlineKeyboardMarkup:
    """What can be done with a config; one with a link of ours opens its page, has devices, can have another link."""
    is_ours = shown.public_url is not None
    new_link = [button(t.plain("config.reissue"), ReissueLink(id=shown.id, sure=False))] if is_ours else []
    its_devices = [button(t.plain("config.devices"), ShowDevices(id=shown.id))] if is_ours else []
    its_place = [button(t.plain("config.location"), ShowLocations(id=shown.id))] if shown.can_move else []
    return keyboard(
        open_page(t.plain("config.connect"), f"{url}?lang={t.language}") if is_ours else [],
        copy(t.plain("config.copy"), url, None if is_ours else "primary"),
        [
            button(t.plain("config.how"), AskDevice(id=shown.id)),
            button(t.plain("traffic.button"), ShowTraffic(id=shown.id)),
        ],
        [*its_devices, *its_place],
        [
            button(t.plain("config.rename"), RenameConfig(id=shown.id)),
            button(t.plain("config.key"), ShowKey(id=shown.id)),
        ],
        [*new_link, button(t.plain("config.delete"), DeleteConfig(id=shown.id, sure=False))],
        [*back(t, "vpn"), button(t.plain("config.refresh"), ShowConfig(id=shown.id))],
    )


def devices(t: Translator, config_id: int, removable: list[tuple[int, str]]) -> InlineKeyboardMarkup:
    """A button for each device that gives its place free."""
    rows = [
        [button(t.plain("devices.remove", name=name), RemoveDevice(id=config_id, device=device_id))]
        for device_id, name in removable
    ]
    return keyboard(
        *rows,
        [button(t.plain("config.refresh"), ShowDevices(id=config_id))],
        to_config(t, config_id),
    )


def reissue_link(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """Yes, or back to the config."""
    return keyboard(
        [button(t.plain("config.reissue_yes"), ReissueLink(id=config_id, sure=True), "primary")],
        to_config(t, config_id),
    )


def creating(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """While a config is being made: leaving sets the message free, so that it isn't turned under somebody's finger."""
    return keyboard([button(t.plain("menu.back"), LeaveWaiting(id=config_id))])


def back_to_config(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """Just the way back to a config."""
    return keyboard(to_config(t, config_id))


def new_key(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """The config whose key changed."""
    return keyboard([button(t.plain("config.new_key"), ShowConfig(id=config_id), "primary")])


def open_config(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """The config that one is told of."""
    return keyboard([button(t.plain("config.open"), ShowConfig(id=config_id), "primary")])


def delete_config(t: Translator, config_id: int) -> InlineKeyboardMarkup:
    """Yes, or back to the config."""
    return keyboard(
        [button(t.plain("config.delete_yes"), DeleteConfig(id=config_id, sure=True), "danger")],
        to_config(t, config_id),
    )
