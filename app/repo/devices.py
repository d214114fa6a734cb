"""Devices by config: noted within the number that is allowed, listed, forgotten. Names no device, only its mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import NotFound
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.devices import DeviceCard

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.services.devices import SeenDevice, Span

# Devices of one config pass one by one, so that each is counted before the next.
LOCK = statement("SELECT config_id FROM subscription_links WHERE config_id = :config_id FOR UPDATE")
FORGET = statement("DELETE FROM devices WHERE config_id = :config_id AND seen_at < :since")
ADMIT = statement(
    """
    WITH others AS (SELECT mark FROM devices WHERE config_id = :config_id AND is_counted)
    INSERT INTO devices (config_id, mark, is_counted, app, model, system, first_seen_at, seen_at)
    SELECT :config_id, :mark, :is_counted, :app, :model, :system, :now, :now
    WHERE NOT :is_counted OR EXISTS (SELECT FROM others WHERE mark = :mark) OR (SELECT count(*) FROM others) < :most
    ON CONFLICT (config_id, mark) DO UPDATE SET
        app = excluded.app, model = excluded.model, system = excluded.system, seen_at = excluded.seen_at
    RETURNING id
    """
)
OF_CONFIG = statement(
    """
    SELECT c.name, d.id, d.is_counted, d.app, d.model, d.system, d.seen_at
    FROM configs c LEFT JOIN devices d ON d.config_id = c.id AND d.seen_at >= :since
    WHERE c.id = :config_id AND c.user_id = :tg_id AND c.status IN ('creating', 'active')
    ORDER BY d.is_counted DESC, d.first_seen_at, d.id
    """
)
COUNTED = statement(
    "SELECT count(*) AS taken FROM devices WHERE config_id = :config_id AND is_counted AND seen_at >= :since"
)
REMOVE = statement(
    """
    DELETE FROM devices d USING configs c
    WHERE d.id = :device_id AND d.config_id = :config_id AND c.id = d.config_id AND c.user_id = :tg_id
      AND c.status IN ('creating', 'active') RETURNING d.id
    """
)


class DeviceRepository(BaseRepository):
    """Implements services.devices.DeviceStore."""

    async def admit(self, config_id: int, mark: str, device: SeenDevice, most: int, span: Span) -> bool:
        """Note a device that is known, or new where fewer than `most` are; False where there is no place. NotFound."""
        params: dict[str, Any] = {
            "config_id": config_id,
            "mark": mark,
            "is_counted": device.hwid is not None,
            "app": device.app,
            "model": device.model,
            "system": device.system,
            "most": most,
            "now": span.now,
            "since": span.since,
        }

        async def admitted(connection: AsyncConnection) -> bool:
            if not (await connection.execute(LOCK, params)).fetchall():
                raise NotFound
            await connection.execute(FORGET, params)
            return bool((await connection.execute(ADMIT, params)).fetchall())

        return await self.database.unit(admitted)

    async def of_config(self, tg_id: int, config_id: int, since: datetime) -> tuple[str, tuple[DeviceCard, ...]]:
        """The config's name, and its devices that were seen since then, the counted ones first; NotFound."""
        rows = await self.database.run(OF_CONFIG, {"tg_id": tg_id, "config_id": config_id, "since": since})
        if not rows:
            raise NotFound
        return rows[0].name, tuple(DeviceCard(*row[1:]) for row in rows if row.id is not None)

    async def counted(self, config_id: int, since: datetime) -> int:
        """How many places are taken by devices that were seen since then."""
        rows = await self.database.run(COUNTED, {"config_id": config_id, "since": since})
        return int(rows[0].taken)

    async def remove(self, tg_id: int, config_id: int, device_id: int) -> None:
        """Forget a device of this person's config; NotFound where it is another's or gone."""
        params = {"tg_id": tg_id, "config_id": config_id, "device_id": device_id}
        if not await self.database.run(REMOVE, params):
            raise NotFound
