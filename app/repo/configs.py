"""Configs for their owners: listing, wishing for one, wishing one away. Talks to no panel."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from app.domain.errors import NoSubscription, NotFound, StorageUnavailable, TooManyConfigs
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.records import Config, ConfigCard, ConfigStatus

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

# As often as this two wishes of one person may collide on a slot before it is called a fault.
SLOT_RACES = 10

OF_OWNER = statement(
    "SELECT id, name, status FROM configs"
    " WHERE user_id = :tg_id AND status IN ('creating', 'active') ORDER BY id"
)
ONE = statement(
    """
    SELECT c.id, c.user_id, c.name, c.status, c.instance_id, c.marzban_username, c.subscription_url, c.link,
           c.expires_at, c.country AS wished_country, p.country, l.sealed_token,
           EXISTS (SELECT FROM notices WHERE key = 'delayed:' || c.id) AS is_delayed,
           EXISTS (SELECT FROM config_moves m WHERE m.config_id = c.id AND m.is_wished) AS is_moving
    FROM configs c LEFT JOIN marzban_instances p ON p.id = c.instance_id
    LEFT JOIN subscription_links l ON l.config_id = c.id
    WHERE c.id = :config_id AND c.user_id = :tg_id AND c.status IN ('creating', 'active')
    """
)
# The lowest free slot is taken; two wishes at once collide on the slot's unique index, and the later looks again.
# The account's row is held, so that a purchase at the same moment either counts here or moves this config afterwards.
REQUEST = statement(
    """
    WITH owner AS (
        SELECT tg_id, subscription_end, max_configs FROM users
        WHERE tg_id = :tg_id AND NOT is_banned AND subscription_end > :now FOR SHARE
    ), free AS (
        SELECT min(n) AS slot FROM owner, generate_series(1, owner.max_configs) n
        WHERE NOT EXISTS (SELECT FROM configs c
                          WHERE c.user_id = owner.tg_id AND c.slot = n AND c.status IN ('creating', 'active'))
    )
    INSERT INTO configs (user_id, intent, slot, name, marzban_username, expires_at, message_id,
                         next_attempt_at, created_at, country, guide)
    SELECT owner.tg_id, :intent, free.slot, 'VPN ' || free.slot, :username, owner.subscription_end, :message_id,
           :now, :now, :country, :guide
    FROM owner, free WHERE free.slot IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING id, name, status
    """
)
WHY_NOT = statement(
    """
    SELECT users.max_configs, users.is_banned, COALESCE(users.subscription_end > :now, false) AS is_active,
           (SELECT count(*) FROM configs l WHERE l.user_id = :tg_id AND l.status IN ('creating', 'active')) AS used,
           c.id, c.name, c.status
    FROM users LEFT JOIN configs c ON c.user_id = users.tg_id AND c.intent = :intent
    WHERE users.tg_id = :tg_id
    """
)
ATTACH = statement(
    "UPDATE configs SET message_id = :message_id, guide = NULL WHERE id = :config_id AND user_id = :tg_id"
)
# Only while there is something to wait for: what is there already is shown at once.
GUIDE = statement(
    "UPDATE configs SET message_id = :message_id, guide = :guide"
    " WHERE id = :config_id AND user_id = :tg_id AND status = 'creating'"
)
RENAME = statement(
    "UPDATE configs SET name = :name WHERE id = :config_id AND user_id = :tg_id"
    " AND status IN ('creating', 'active') RETURNING id"
)
DELETE = statement(
    """
    UPDATE configs SET status = 'deleting', revision = revision + 1, is_due = true, attempts = 0,
           next_attempt_at = :now, doomed_at = :now
    WHERE id = :config_id AND user_id = :tg_id AND status IN ('creating', 'active') RETURNING id
    """
)


class ConfigRepository(BaseRepository):
    """Implements ports.ConfigStore."""

    async def of_owner(self, tg_id: int) -> tuple[ConfigCard, ...]:
        """The person's living configs, oldest first, from the database."""
        return tuple(_card(row) for row in await self.database.run(OF_OWNER, {"tg_id": tg_id}))

    async def get(self, tg_id: int, config_id: int) -> Config:
        """The config in full; NotFound where it is another's or gone."""
        rows = await self.database.run(ONE, {"tg_id": tg_id, "config_id": config_id})
        if not rows:
            raise NotFound
        return _config(rows[0])

    async def request(
        self,
        tg_id: int,
        intent: str,
        message_id: int | None,
        now: datetime,
        *,
        country: str | None = None,
        guide: str | None = None,
    ) -> ConfigCard:
        """Record that a config should exist; the same intent again returns it. NoSubscription, TooManyConfigs.

        In `country` where that can be; `guide` as in the table.
        """
        params: dict[str, Any] = {
            "tg_id": tg_id,
            "intent": intent,
            "username": f"o{tg_id}_{secrets.token_hex(4)}",
            "message_id": message_id,
            "country": country,
            "guide": guide,
            "now": now,
        }
        for _ in range(SLOT_RACES):
            rows = await self.database.run(REQUEST, params)
            failpoint("config.requested")
            if rows:
                await self.drop_account(tg_id, parts=("configs",))
                return _card(rows[0])
            known = await self._made_before(tg_id, intent, now)
            if known is not None:
                # The process that made it may have died on the way to the cache.
                await self.drop_account(tg_id, parts=("configs",))
                return known
        raise StorageUnavailable

    async def attach_message(self, tg_id: int, config_id: int, message_id: int | None) -> None:
        """Which message waits for this config, or that none does; nothing happens where it is another's."""
        await self.database.run(ATTACH, {"tg_id": tg_id, "config_id": config_id, "message_id": message_id})

    async def guide(self, tg_id: int, config_id: int, message_id: int | None, system: str | None) -> None:
        """Which message is to become the guide for a system once the config is made; None, the config itself."""
        params = {"tg_id": tg_id, "config_id": config_id, "message_id": message_id, "guide": system}
        await self.database.run(GUIDE, params)
        failpoint("config.guided")

    async def rename(self, tg_id: int, config_id: int, name: str) -> None:
        """Call the config so; NotFound where it is another's or gone."""
        rows = await self.database.run(RENAME, {"tg_id": tg_id, "config_id": config_id, "name": name})
        failpoint("config.renamed")
        await self.drop_account(tg_id, parts=("configs",))
        if not rows:
            raise NotFound

    async def request_deletion(self, tg_id: int, config_id: int, now: datetime) -> None:
        """Record that a config should be gone; NotFound where it is another's or gone already."""
        rows = await self.database.run(DELETE, {"tg_id": tg_id, "config_id": config_id, "now": now})
        failpoint("config.doomed")
        # For one that is gone already, too: whoever sees its button sees an old list.
        await self.drop_account(tg_id, parts=("configs",))
        if not rows:
            raise NotFound

    async def _made_before(self, tg_id: int, intent: str, now: datetime) -> ConfigCard | None:
        """The config that this intent has already made; None after a lost race for a slot; else the refusal."""
        rows = await self.database.run(WHY_NOT, {"tg_id": tg_id, "intent": intent, "now": now})
        if not rows:
            raise NotFound
        (row,) = rows
        if row.id is not None:
            return _card(row)
        if not row.is_active or row.is_banned:
            raise NoSubscription
        if row.used >= row.max_configs:
            raise TooManyConfigs(row.max_configs)
        return None


def _card(row: Row[Any]) -> ConfigCard:
    return ConfigCard(row.id, row.name, ConfigStatus(row.status))


def _config(row: Row[Any]) -> Config:
    return Config(
        id=row.id,
        owner=row.user_id,
        name=row.name,
        status=ConfigStatus(row.status),
        instance_id=row.instance_id,
        username=row.marzban_username,
        subscription_url=row.subscription_url,
        link=row.link,
        expires_at=row.expires_at,
        is_delayed=row.is_delayed,
        country=row.country,
        wished_country=row.wished_country,
        is_moving=row.is_moving,
        sealed_token=row.sealed_token,
    )
