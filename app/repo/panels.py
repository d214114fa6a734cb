"""The table of panels: reading it, adding to it, sealing its passwords. Talks to no panel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import structlog
from cryptography.fernet import InvalidToken

from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.panel_records import PanelRow
from app.services.records import PanelAccess, PanelKind, TlsMode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.fernet import MultiFernet
    from sqlalchemy import Row

    from app.repo.db import Database
    from app.utils.redis import Cache

log = structlog.get_logger(__name__)

SEAL_PREFIX = "sealed:"
COLUMNS = (
    "id, name, base_url, username, password, is_active, priority, excluded_node_names, kind, tls, ca_pem,"
    " access_profile"
)
ALL_ACTIVE = statement(f"SELECT {COLUMNS} FROM marzban_instances WHERE is_active ORDER BY id")  # noqa: S608 - constant
ALL = statement(f"SELECT {COLUMNS} FROM marzban_instances ORDER BY id")  # noqa: S608 - constant
ONE = statement(f"SELECT {COLUMNS} FROM marzban_instances WHERE id = :instance_id")  # noqa: S608 - constant
# Compare-and-set: a password that an operator changed meanwhile is not overwritten by the seal of the old one.
SEAL = statement(
    "UPDATE marzban_instances SET password = :sealed WHERE id = :instance_id AND password = :plain RETURNING id"
)
ADD = statement(
    "INSERT INTO marzban_instances"
    " (id, name, base_url, username, password, priority, kind, tls, ca_pem, access_profile, country)"
    " VALUES (:instance_id, :name, :base_url, :username, :password, :priority, :kind, :tls, :ca_pem,"
    " CAST(:access_profile AS jsonb), :country) ON CONFLICT DO NOTHING RETURNING id"
)
SWITCH = statement(
    "UPDATE marzban_instances SET is_active = (:active = 'yes'), keeps_configs = (:keeps = 'yes')"
    " WHERE id = :instance_id RETURNING id"
)
# A value that is not given stays; a capacity of 0 is none.
TUNE = statement(
    """
    UPDATE marzban_instances SET priority = COALESCE(:priority, priority),
           capacity = CASE WHEN CAST(:capacity AS integer) IS NULL THEN capacity ELSE NULLIF(:capacity, 0) END
    WHERE id = :instance_id RETURNING id
    """
)
PLACE = statement("UPDATE marzban_instances SET country = :country WHERE id = :instance_id RETURNING id")
OCCUPANCY = statement(
    """
    WITH pending AS (
        SELECT instance_id, count(*) AS users FROM (
            SELECT instance_id FROM configs
            WHERE (status = 'creating' AND instance_id IS NOT NULL) OR (status = 'active' AND made_at >= :since)
            UNION ALL SELECT target FROM config_moves WHERE target IS NOT NULL
        ) on_their_way GROUP BY instance_id
    )
    SELECT p.id, p.name, p.is_active, p.priority, p.capacity, COALESCE(pending.users, 0) AS pending, p.country
    FROM marzban_instances p LEFT JOIN pending ON pending.instance_id = p.id ORDER BY p.id
    """
)


class PanelRepository(BaseRepository):
    """Implements ports.PanelStore. A plain password lives in the table until the first pass that sees it."""

    def __init__(self, database: Database, cache: Cache, seal: MultiFernet) -> None:
        super().__init__(database, cache)
        self._seal = seal

    async def active(self) -> list[PanelAccess]:
        """All active panels with open passwords; seals those that are still plain."""
        return await self._opened(await self.database.run(ALL_ACTIVE))

    async def get(self, instance_id: str) -> PanelAccess | None:
        """One panel, active or not."""
        opened = await self._opened(await self.database.run(ONE, {"instance_id": instance_id}))
        return opened[0] if opened else None

    async def add(self, panel: PanelAccess, country: str | None = None) -> bool:
        """Add a panel, its password sealed; False where the id or the address is taken."""
        params: dict[str, Any] = {
            "instance_id": panel.instance_id,
            "name": panel.name,
            "base_url": panel.base_url,
            "username": panel.username,
            "password": self._sealed(panel.password),
            "priority": panel.priority,
            "kind": panel.kind.value,
            "tls": panel.tls.value,
            "ca_pem": panel.ca_pem,
            "access_profile": json.dumps(dict(panel.access_profile)),
            "country": country,
        }
        added = bool(await self.database.run(ADD, params))
        await self.delete_cache("servers:best")
        return added

    async def switch(self, instance_id: str, *, active: bool, keeps: bool = True) -> bool:
        """Take a panel into or out of service, with or without what stands on it; whether there is such a panel."""
        words = {"active": "yes" if active else "no", "keeps": "yes" if keeps and not active else "no"}
        rows = await self.database.run(SWITCH, {"instance_id": instance_id, **words})
        await self.delete_cache("servers:best")
        return bool(rows)

    async def tune(self, instance_id: str, priority: int | None, capacity: int | None) -> bool:
        """Change what is given, a capacity of 0 being no bound; whether there is such a panel."""
        params = {"instance_id": instance_id, "priority": priority, "capacity": capacity}
        return bool(await self.database.run(TUNE, params))

    async def place(self, instance_id: str, country: str | None) -> bool:
        """Say in which country a panel is (ISO 3166 alpha-2), or that nobody is told; whether there is such a panel."""
        return bool(await self.database.run(PLACE, {"instance_id": instance_id, "country": country}))

    async def occupancy(self, since: datetime) -> list[PanelRow]:
        """Every row; pending are the configs on their way there, moving or new, and those made there since."""
        rows = await self.database.run(OCCUPANCY, {"since": since})
        return [
            PanelRow(row.id, row.name, row.is_active, row.priority, row.capacity, row.pending, row.country)
            for row in rows
        ]

    async def listing(self) -> list[tuple[PanelAccess, bool]]:
        """Every panel whose password can be opened, with whether it is active."""
        rows = await self.database.run(ALL)
        is_active = {row.id: bool(row.is_active) for row in rows}
        return [(panel, is_active[panel.instance_id]) for panel in await self._opened(rows)]

    async def _opened(self, rows: Sequence[Row[Any]]) -> list[PanelAccess]:
        panels: list[PanelAccess] = []
        for row in rows:
            password = await self._open_password(row)
            if password is not None:
                panels.append(_access(row, password))
        return panels

    async def _open_password(self, row: Row[Any]) -> str | None:
        stored: str = row.password
        if not stored.startswith(SEAL_PREFIX):
            params = {"instance_id": row.id, "plain": stored, "sealed": self._sealed(stored)}
            if await self.database.run(SEAL, params):
                log.info("panel_password_sealed", instance_id=row.id)
            return stored
        try:
            return self._seal.decrypt(stored.removeprefix(SEAL_PREFIX)).decode()
        except InvalidToken:
            log.error("panel_password_unreadable", instance_id=row.id, hint="SECRET_KEY is not the one that sealed it")
            return None

    def _sealed(self, password: str) -> str:
        return SEAL_PREFIX + self._seal.encrypt(password.encode()).decode()


def _access(row: Row[Any], password: str) -> PanelAccess:
    return PanelAccess(
        instance_id=row.id,
        name=row.name,
        base_url=row.base_url,
        username=row.username,
        password=password,
        priority=row.priority,
        excluded_node_names=frozenset(row.excluded_node_names),
        kind=PanelKind(row.kind),
        tls=TlsMode(row.tls),
        ca_pem=row.ca_pem,
        access_profile=row.access_profile,
    )
