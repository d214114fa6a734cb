"""The dialogues in which the next text message means something."""

from __future__ import annotations

from aiogram.fsm.state import State, StatesGroup


class PaymentState(StatesGroup):
    """Topping up: a method is chosen, then an amount is awaited."""

    method = State()
    waiting_amount = State()
