"""What two that act at once may come to: all orders of their transactions, tried on the model. Knows no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.shop_model import ShopModel

    # One transaction on the model; False where it can't have gone as it really did.
    Unit = Callable[[ShopModel], bool]


def after(model: ShopModel, first: Sequence[Unit], second: Sequence[Unit] = ()) -> list[ShopModel]:
    """Every model that some order of the units leads to; each side's own units keep their order."""
    met: dict[tuple[int, int], list[ShopModel]] = {(0, 0): [model]}
    for done in range(len(first) + 1):
        for also in range(len(second) + 1):
            here = met.setdefault((done, also), [])
            ways = [(met[done - 1, also], first[done - 1])] if done else []
            ways += [(met[done, also - 1], second[also - 1])] if also else []
            for models, unit in ways:
                here += [went for went in (_went(before, unit) for before in models) if went and went not in here]
    return met[len(first), len(second)]


def _went(before: ShopModel, unit: Unit) -> ShopModel | None:
    model = before.copy()
    return model if unit(model) else None
