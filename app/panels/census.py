"""Owns the comparison of a panel's users with the configs that stand on it. Asks nobody and changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.panels.port import ListedUser, PanelUser
    from app.services.oversight_records import StandingConfig

# What creation.tag_of writes, among what operators may have added to the note.
_TAG = re.compile(r"(?:^|\s)orbit:([0-9]{1,18})(?=\s|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Difference:
    """A user of a panel that is not as the database says."""

    instance_id: str
    username: str
    what: str


def tagged_config(user: ListedUser | PanelUser) -> int | None:
    """The config that the user was made for; None for a user who is not ours."""
    tag = _TAG.search(user.note or "")
    return int(tag.group(1)) if tag else None


def differences(
    instance_id: str, users: Iterable[ListedUser], configs: Iterable[StandingConfig], now: datetime
) -> Iterator[Difference]:
    """Both ways. A config with a change on its way is held to nothing; a user of ours needs some standing config.

    Nobody is missed once their time is over: panels and operators clear such users away.
    """
    found = {user.username: user for user in users}
    standing = {config.username: config for config in configs}
    for config in standing.values():
        what = _fault(found.get(config.username), config, now)
        if what is not None and config.is_settled:
            yield Difference(instance_id, config.username, what)
    for user in found.values():
        config_id = tagged_config(user)
        owner = standing.get(user.username)
        if config_id is not None and (owner is None or owner.config_id != config_id):
            yield Difference(instance_id, user.username, f"ours, but no config {config_id} stands here")


def _fault(user: ListedUser | None, config: StandingConfig, now: datetime) -> str | None:
    if user is None:
        return f"missing on the panel, config {config.config_id}" if config.expires_at > now else None
    if tagged_config(user) is None:
        return f"not marked as ours any more, config {config.config_id}"
    if user.expire != int(config.expires_at.timestamp()):
        return f"ends {_shown(user.expire)} and should end {config.expires_at:%Y-%m-%d %H:%M:%S}"
    return None


def _shown(expire: int | None) -> str:
    return f"{datetime.fromtimestamp(expire, UTC):%Y-%m-%d %H:%M:%S}" if expire else "never"
