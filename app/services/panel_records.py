"""Records of the table of panels without what opens them. Holds no rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A panel as its row says, and its pending users: on their way to it, or made there since an instant.

    `capacity` is how many users it may have in all, whoever made them; None is no bound. `country` is ISO 3166 alpha-2.
    """

    instance_id: str
    name: str
    is_active: bool
    priority: int
    capacity: int | None
    pending: int
    country: str | None = None
