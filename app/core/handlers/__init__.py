"""Collects the routers of all handlers into one switchboard."""

from __future__ import annotations

from app.core.handlers import (
    auth,
    checkout,
    configs,
    connect,
    devices,
    history,
    locations,
    names,
    payments,
    promos,
    renewals,
    settings,
    subscriptions,
    support,
    traffic,
)
from app.core.switchboard import Switchboard


def make_switchboard() -> Switchboard:
    """Every handler of the shop, found by key."""
    routers = (
        auth.router, configs.router, devices.router, payments.router, subscriptions.router, promos.router,
        settings.router, history.router, support.router, connect.router, locations.router, names.router,
        traffic.router, checkout.router, renewals.router,
    )  # fmt: skip
    return Switchboard(routers, fallback=auth.unexpected)
