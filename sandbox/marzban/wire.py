"""Owns the JSON a panel answers with; must not change what it shows."""

from dataclasses import asdict
from datetime import datetime

from sandbox.marzban.links import endpoints, link
from sandbox.marzban.model import Admin, Node, User
from sandbox.marzban.panel import Panel

_XRAY = "1.8.24"
_PRIVATE = ("admin", "note", "auto_delete_in_days", "inbounds", "excluded_inbounds")


def moment(at: datetime | None) -> str | None:
    """Write a moment in UTC without saying so, as the panel does."""
    return at.replace(tzinfo=None).isoformat() if at else None


def node(shown: Node) -> dict[str, object]:
    """Show a node."""
    version = _XRAY if shown.status == "connected" else None
    answer = asdict(shown) | {"xray_version": version}
    del answer["own_host"]
    return answer


def admin(shown: Admin, users_usage: int) -> dict[str, object] | None:
    """Show an admin; one from the environment has no row to show."""
    if shown.from_env:
        return None
    return {
        "username": shown.username,
        "is_sudo": shown.is_sudo,
        "telegram_id": None,
        "discord_webhook": None,
        "users_usage": users_usage,
    }


def user(panel: Panel, shown: User) -> dict[str, object]:
    """Show a user to an admin."""
    owned = sum(other.used_traffic for other in panel.users.values() if other.owner is shown.owner)
    return {
        "proxies": shown.proxies,
        "expire": shown.expire,
        "data_limit": shown.data_limit,
        "data_limit_reset_strategy": shown.data_limit_reset_strategy,
        "inbounds": shown.inbounds,
        "note": shown.note,
        "sub_updated_at": moment(shown.sub_updated_at),
        "sub_last_user_agent": shown.sub_last_user_agent,
        "online_at": moment(shown.online_at),
        "on_hold_expire_duration": shown.on_hold_expire_duration,
        "on_hold_timeout": moment(shown.on_hold_timeout),
        "auto_delete_in_days": shown.auto_delete_in_days,
        "next_plan": shown.next_plan,
        "username": shown.username,
        "status": shown.status,
        "used_traffic": shown.used_traffic,
        "lifetime_used_traffic": shown.traffic_before_resets + shown.used_traffic,
        "created_at": moment(shown.created_at),
        "links": [link(end) for end in endpoints(panel, shown)],
        "subscription_url": panel.subscription_path(shown),
        "excluded_inbounds": _excluded(panel, shown),
        "admin": admin(shown.owner, owned),
    }


def subscriber(panel: Panel, shown: User) -> dict[str, object]:
    """Show a user to whoever holds the link."""
    return {name: value for name, value in user(panel, shown).items() if name not in _PRIVATE}


def _excluded(panel: Panel, shown: User) -> dict[str, list[str]]:
    return {
        protocol: [door.tag for door in panel.inbounds if door.protocol == protocol and door.tag not in chosen]
        for protocol, chosen in shown.inbounds.items()
    }


def system(panel: Panel, users: list[User]) -> dict[str, object]:
    """Show the master's load and how many users are in which state; online means seen within a day."""
    now = panel.now()
    states = [shown.status for shown in users]
    online = [one for one in panel.users.values() if one.online_at and (now - one.online_at).total_seconds() < 86_400]
    return {
        "version": "0.8.4",
        "mem_total": 25_276_510_208,
        "mem_used": 4_712_071_168,
        "cpu_cores": 2,
        "cpu_usage": 6.5,
        "total_user": len(users),
        "online_users": len(online),
        **{f"users_{state}": states.count(state) for state in ("active", "on_hold", "disabled", "expired", "limited")},
        "incoming_bandwidth": sum(row.uplink for row in panel.traffic),
        "outgoing_bandwidth": sum(row.downlink for row in panel.traffic),
        "incoming_bandwidth_speed": 100,
        "outgoing_bandwidth_speed": 100,
    }


def core() -> dict[str, object]:
    """Show the core."""
    return {"version": _XRAY, "started": True, "logs_websocket": "/api/core/logs"}
