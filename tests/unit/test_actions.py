"""What buttons carry: within Telegram's bytes for any value, of a version, and read back whatever version it is of."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from string import ascii_letters
from typing import TYPE_CHECKING, Any

import pytest

from app.core.actions import Action, BuyPlan, Menu, ShowConfig, kind_of, new_intent, section_of
from app.core.handlers import make_switchboard
from app.core.switchboard import ScreenRouter, Switchboard
from app.domain.errors import MalformedAction
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.plans import Plan
from app.domain.promo import Discount, Offer
from app.locales.locales import TRANSLATORS
from app.services.support import Category
from app.utils.rate_limit import BY_PREFIX, OTHER, limit_of_click

if TYPE_CHECKING:
    from aiogram.filters.callback_data import CallbackData

ACTIONS = make_switchboard().prefixes.values()
NAMES = [action.__name__ for action in ACTIONS]
LIMIT_BYTES = 64
PLAN = Plan("sub_12m", 365, Money.rub(100_000), 99)
DISCOUNT = Discount(2**63 - 1, 99, datetime(2026, 11, 28, tzinfo=UTC))
# The longest that each word may be; what an action says in words of a new kind is to be bounded here.
LONGEST_WORDS = {
    "back": "settings",
    "country": "NL",
    "system": "windows",
    "page": "settings-of-something",
    "key": PLAN.key,
    "version": Offer(PLAN, DISCOUNT).version,
    "intent": new_intent(),
    "method": max(PaymentMethod, key=len).value,
    "code": max(TRANSLATORS, key=len),
    "category": max(Category, key=len).value,
}


def extremes(action: type[CallbackData]) -> dict[str, Any]:
    """The largest value of each field."""
    return {name: _largest(name, field.annotation) for name, field in action.model_fields.items()}


def _largest(name: str, kind: Any) -> Any:
    if kind is bool:
        return True
    if kind is int:
        return 2**63 - 1
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return max(kind, key=lambda member: len(str(member.value)))
    return LONGEST_WORDS[name]


@pytest.mark.parametrize("action", ACTIONS, ids=NAMES)
def test_the_largest_values_fit_into_a_button_and_come_back_out_of_it(action: type[CallbackData]) -> None:
    pressed = action(**extremes(action))
    packed = pressed.pack()
    assert len(packed.encode()) <= LIMIT_BYTES
    assert action.unpack(packed) == pressed


@pytest.mark.parametrize("action", ACTIONS, ids=NAMES)
def test_a_button_bears_a_version_behind_its_kind(action: type[CallbackData]) -> None:
    assert issubclass(action, Action), "derive it from Action, so that its data bears a version"
    packed = action(**extremes(action)).pack()
    kind, version = kind_of(packed), packed.partition(":")[0].removeprefix(kind_of(packed))
    assert kind == action.kind
    assert set(kind) <= set(ascii_letters)
    assert int(version) >= 1
    assert section_of(packed) == action.section


def test_limits_are_found_for_buttons_of_any_version() -> None:
    kinds = {kind_of(action.__prefix__) for action in ACTIONS}
    assert set(BY_PREFIX) <= kinds
    for kind, limit in BY_PREFIX.items():
        assert limit_of_click(f"{kind}:1") == limit_of_click(f"{kind}1:1") == limit
    assert limit_of_click("zz:1") is OTHER


class Now(Action, prefix="buy", version=2):
    """What `buy` would be after its fields came to mean something else."""

    id: int


def switchboard_with(action: type[Action], got: list[object]) -> Switchboard:
    router = ScreenRouter("test")

    @router.click(action)
    async def pressed(_query: object, action: object) -> None:
        got.append(action)

    return Switchboard([router], fallback=pressed)


class Click:
    """All that a switchboard reads of a click."""

    def __init__(self, data: str) -> None:
        self.data = data


async def test_data_sent_before_there_were_versions_is_read_as_the_first() -> None:
    got: list[object] = []
    board = switchboard_with(ShowConfig, got)
    for data in ("cfg:12", "cfg1:12"):
        await board.on_click(Click(data))  # type: ignore[arg-type]  # it reads no more
    assert got == [ShowConfig(id=12)] * 2


@pytest.mark.parametrize("data", ["buy:7", "buy1:7", "buy3:7", "buy22:7", "buy02:7"])
async def test_data_of_another_version_is_out_of_date_though_its_fields_would_do(data: str) -> None:
    got: list[object] = []
    board = switchboard_with(Now, got)
    await board.on_click(Click("buy2:7"))  # type: ignore[arg-type]  # it reads no more
    with pytest.raises(MalformedAction):
        await board.on_click(Click(data))  # type: ignore[arg-type]  # it reads no more
    assert got == [Now(id=7)]
    assert section_of(data) == BuyPlan.section


def test_what_is_no_button_of_ours_belongs_to_the_menu() -> None:
    assert {section_of(data) for data in ("", "x", "zz9:1", ":", "1", Menu(page="vpn").pack())} == {"home"}
