"""Where configs stand: the question before a new one is made, and the move of one that is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.core.actions import MakeConfig, MoveConfig, ShowLocations
from app.core.handlers.configs import make, show_one
from app.core.handlers.utils import row_id
from app.core.screens import locations
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.domain.errors import LocationGone, MalformedAction

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("locations")
CODE = re.compile(r"[A-Z]{2}", re.ASCII)


@router.click(MakeConfig)
async def make_there(query: CallbackQuery, action: MakeConfig, t: Translator, shopfront: Shopfront) -> None:
    """Make the config in the chosen country; where nobody can take it there by now, ask anew."""
    try:
        country = shopfront.locations.checked(_country(action.country))
    except LocationGone:
        screen = locations.where_to_make(t, shopfront.locations.offered(), action.intent)
        await show(query, screen, toast=t.plain("error.location_gone"))
        return
    await make(query, action.intent, country, t, shopfront)


@router.click(ShowLocations)
async def show_locations(query: CallbackQuery, action: ShowLocations, t: Translator, shopfront: Shopfront) -> None:
    """The countries that a config could go to."""
    config = await shopfront.configs.peek(query.from_user.id, row_id(action.id))
    await show(query, locations.where_to_move(t, shopfront.locations.offered(), config))


@router.click(MoveConfig)
async def move(query: CallbackQuery, action: MoveConfig, t: Translator, shopfront: Shopfront) -> None:
    """Have it move; its link stays the same."""
    config_id = row_id(action.id)
    moves = await shopfront.locations.change(query.from_user.id, config_id, _country(action.country))
    await show_one(query, config_id, t, shopfront, t.plain("location.moves" if moves else "location.there"))


def _country(written: str) -> str | None:
    if written and not CODE.fullmatch(written):
        raise MalformedAction
    return written or None
