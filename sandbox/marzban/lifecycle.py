"""Owns how a user comes to be, changes and ages; must not know HTTP nor how a user is shown."""

from datetime import datetime, timedelta

from sandbox.marzban import proxies
from sandbox.marzban.asks import UserCreate, UserModify
from sandbox.marzban.model import Admin, User
from sandbox.marzban.panel import Panel
from sandbox.refusals import CrashError, RefusedError

_RESET_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def create(panel: Panel, asked: UserCreate, admin: Admin) -> User:
    """Store a new user; without proxies a broken one is stored and the panel crashes."""
    wanted = asked.proxies or {}
    inbounds = proxies.choose(asked.inbounds, wanted, panel.inbounds)
    if asked.username in panel.users:
        raise RefusedError(409, "User already exists")
    user = User(
        username=asked.username,
        owner=admin,
        created_at=panel.now(),
        proxies=proxies.settings(wanted),
        inbounds=inbounds,
        status=asked.status,
        expire=asked.expire or None,
        data_limit=asked.data_limit or None,
        data_limit_reset_strategy=asked.data_limit_reset_strategy or "no_reset",
        note=asked.note,
        on_hold_expire_duration=asked.on_hold_expire_duration,
        on_hold_timeout=asked.on_hold_timeout,
        held_at=panel.now() if asked.status == "on_hold" else None,
        auto_delete_in_days=asked.auto_delete_in_days,
        next_plan=asked.next_plan,
        first_serial=panel.serial(),
    )
    panel.users[user.username] = user
    if user.broken:
        raise CrashError
    return user


def modify(panel: Panel, user: User, asked: UserModify) -> None:
    """Change what was sent; null changes nothing, 0 lifts a limit, proxies sent get new secrets."""
    if asked.proxies:
        chosen = proxies.choose(asked.inbounds or {}, asked.proxies, panel.inbounds)
        user.proxies, user.inbounds = proxies.settings(asked.proxies), chosen
    elif asked.inbounds:
        user.inbounds |= proxies.choose(asked.inbounds, asked.inbounds, panel.inbounds)
    for name in ("data_limit_reset_strategy", "on_hold_expire_duration", "on_hold_timeout", "auto_delete_in_days"):
        if getattr(asked, name) is not None:
            setattr(user, name, getattr(asked, name))
    if asked.note is not None:
        user.note = asked.note or None
    if asked.next_plan is not None:
        user.next_plan = asked.next_plan
    _set_limits(panel, user, asked)


def _set_limits(panel: Panel, user: User, asked: UserModify) -> None:
    if asked.status is not None:
        user.status = asked.status
        user.held_at = panel.now() if asked.status == "on_hold" else None
    if asked.expire is not None:
        user.expire = asked.expire or None
    if asked.data_limit is not None:
        user.data_limit = asked.data_limit or None
    # Only a limit that was lifted brings a user back; one who was disabled by hand stays so.
    if user.status in {"expired", "limited"}:
        user.status = "active"
    review(panel, user)


def review(panel: Panel, user: User) -> None:
    """Bring a user's status up to the panel's time and the traffic used."""
    now = panel.now()
    if user.status == "on_hold" and _hold_is_over(user, now):
        user.status = "active"
        user.expire = int(now.timestamp()) + (user.on_hold_expire_duration or 0)
    period = _RESET_DAYS.get(user.data_limit_reset_strategy)
    if period and now - (user.last_reset_at or user.created_at) >= timedelta(days=period):
        reset(panel, user)
    if user.status != "active":
        return
    if user.data_limit and user.used_traffic >= user.data_limit:
        user.status = "limited"
    elif user.expire is not None and user.expire <= now.timestamp():
        user.status = "expired"


def _hold_is_over(user: User, now: datetime) -> bool:
    seen = user.online_at is not None and user.held_at is not None and user.online_at >= user.held_at
    return seen or (user.on_hold_timeout is not None and user.on_hold_timeout <= now)


def reset(panel: Panel, user: User) -> None:
    """Forget the traffic used, and a limit it had reached; expiry stays what it is."""
    user.traffic_before_resets += user.used_traffic
    user.used_traffic = 0
    user.last_reset_at = panel.now()
    user.hourly.clear()
    if user.status == "limited":
        user.status = "active"


def revoke(panel: Panel, user: User) -> None:
    """Give new secrets and end every subscription link of before."""
    user.proxies = proxies.renewed(user.proxies)
    user.first_serial = panel.serial()
