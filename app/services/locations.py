"""Where configs live: the countries on offer, and a config's way to another. The panels follow in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.domain.errors import ConfigOnTheMove, LocationGone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.services.ports import Clock

# One country is no choice.
FEWEST = 2


class Places(Protocol):
    """What is known of the panels' countries without asking anybody."""

    def countries(self) -> frozenset[str]:
        """Where a panel can take a user just now (ISO 3166 alpha-2)."""
        ...


class LocationStore(Protocol):
    """Where owners' wishes are remembered."""

    async def wish(self, tg_id: int, config_id: int, country: str | None, now: datetime) -> bool | None:
        """Remember where the person wants the config, and have it moved unless it stands there.

        Whether it moves; None where a move is under way. NotFound where it is another's or gone.
        """
        ...


class Locations:
    """The use cases around countries; everything is filtered by owner."""

    def __init__(self, places: Places, store: LocationStore, clock: Clock, wake: Callable[[str], None]) -> None:
        self._places = places
        self._store = store
        self._clock = clock
        self._wake = wake

    def offered(self) -> frozenset[str]:
        """The countries to choose from; none where there is no choice."""
        countries = self._places.countries()
        return countries if len(countries) >= FEWEST else frozenset()

    def checked(self, country: str | None) -> str | None:
        """The country, where it is on offer; LocationGone. None, the best panel anywhere, always is."""
        if country is not None and country not in self._places.countries():
            raise LocationGone
        return country

    async def change(self, owner: int, config_id: int, country: str | None) -> bool:
        """Have the config move there; whether it has to. LocationGone, ConfigOnTheMove, NotFound."""
        moves = await self._store.wish(owner, config_id, self.checked(country), self._clock.now())
        if moves is None:
            raise ConfigOnTheMove
        if moves:
            self._wake("config-moves")
        return moves
