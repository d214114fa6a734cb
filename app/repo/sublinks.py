"""Subscription links and copies of what was served through them. Open tokens never reach a row. Talks to no panel."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from cryptography.fernet import InvalidToken

from app.domain.errors import NotFound
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.subscription_records import Copy, Profile, Subscriber

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.fernet import MultiFernet
    from sqlalchemy import Row

    from app.repo.db import Database
    from app.utils.redis import Cache

log = structlog.get_logger(__name__)

TOKEN_BYTES = 16
# A copy that says the same is written again only this often, as a sign that it still holds.
COPY_AGE = timedelta(hours=1)

MINE = "c.id = :config_id AND c.user_id = :tg_id AND c.status IN ('creating', 'active')"
SEALED = statement(
    f"SELECT l.sealed_token FROM configs c LEFT JOIN subscription_links l ON l.config_id = c.id WHERE {MINE}"  # noqa: S608 - constants
)
INSERT = f"""
    INSERT INTO subscription_links (config_id, token_hash, sealed_token, issued_at)
    SELECT c.id, :token_hash, :sealed_token, :now FROM configs c WHERE {MINE}
    ON CONFLICT (config_id) DO """  # noqa: S608 - constants
ISSUE = statement(f"{INSERT} NOTHING")
REISSUE = statement(
    f"""
    WITH reissued AS (
        {INSERT} UPDATE SET token_hash = excluded.token_hash, sealed_token = excluded.sealed_token,
        issued_at = excluded.issued_at RETURNING config_id
    ), without_devices AS (
        DELETE FROM devices d USING reissued r WHERE d.config_id = r.config_id
    )
    SELECT config_id FROM reissued
    """  # noqa: S608 - constants
)
SUBSCRIBER = statement(
    """
    SELECT l.token_hash, c.id, c.user_id, u.language, c.name, c.expires_at, c.instance_id, c.marzban_username,
           c.subscription_url, c.link, d.seen_at,
           EXISTS (SELECT FROM address_pauses p WHERE p.config_id = c.id AND p.instance_id = c.instance_id
                   AND p.status <> 'over') AS is_paused
    FROM subscription_links l JOIN configs c ON c.id = l.config_id JOIN users u ON u.tg_id = c.user_id
    LEFT JOIN devices d ON d.config_id = c.id AND d.mark = :mark
    WHERE l.token_hash = :token_hash AND c.status IN ('creating', 'active')
    """
)
KEEP = statement(
    """
    INSERT INTO subscription_copies AS kept (config_id, kind, instance_id, media_type, headers, body, fetched_at)
    SELECT id, :kind, :instance_id, :media_type, CAST(:headers AS jsonb), :body, :now
    FROM configs WHERE id = :config_id AND status IN ('creating', 'active')
    ON CONFLICT (config_id, kind) DO UPDATE SET
        instance_id = excluded.instance_id, media_type = excluded.media_type, headers = excluded.headers,
        body = excluded.body, fetched_at = excluded.fetched_at
    WHERE kept.fetched_at < :before OR kept.body <> excluded.body OR kept.headers <> excluded.headers
       OR kept.instance_id <> excluded.instance_id OR kept.media_type <> excluded.media_type
    """
)
COPY = statement(
    "SELECT instance_id, media_type, headers, body FROM subscription_copies"
    " WHERE config_id = :config_id AND kind = :kind"
)


class SubLinkRepository(BaseRepository):
    """Implements services.sublinks.LinkStore.

    A token is found by a keyed hash and shown by opening its seal, so a dump of the database alone opens no link.
    """

    def __init__(self, database: Database, cache: Cache, key: bytes, seal: MultiFernet) -> None:
        super().__init__(database, cache)
        self._key = key
        self._seal = seal

    async def token(self, tg_id: int, config_id: int, now: datetime) -> str:
        """The token of this person's config, issued where there is none yet; NotFound where it is another's or gone."""
        mine = {"tg_id": tg_id, "config_id": config_id}
        sealed = await self._sealed(mine)
        if sealed is None:
            # Two looks at once issue one token: the later keeps the earlier's, which may be shown already.
            await self.database.run(ISSUE, {**mine, **self._fresh(), "now": now})
            sealed = await self._sealed(mine)
        if sealed is None:
            raise NotFound
        if (token := self.opened(sealed)) is not None:
            return token
        # Under another SECRET_KEY its hash is never found again either: the link is dead already.
        log.error("subscription_link_unreadable", config_id=config_id, hint="SECRET_KEY is not the one it had")
        fresh = self._fresh()
        await self.database.run(REISSUE, {**mine, **fresh, "now": now})
        return self._seal.decrypt(fresh["sealed_token"]).decode()

    def opened(self, sealed_token: str) -> str | None:
        """The token as it was sealed; None where the seal is of another key."""
        try:
            return self._seal.decrypt(sealed_token).decode()
        except InvalidToken:
            return None

    async def reissue(self, tg_id: int, config_id: int, now: datetime) -> None:
        """Put a new token in the place of the old one, which ends at once and with it its devices; NotFound."""
        params = {"tg_id": tg_id, "config_id": config_id, **self._fresh(), "now": now}
        if not await self.database.run(REISSUE, params):
            raise NotFound

    async def subscriber(self, token: str, mark: str | None = None) -> Subscriber:
        """Whom the token leads to; NotFound where it was never issued, was revoked, or its config is gone."""
        wanted = self._hash(token)
        for row in await self.database.run(SUBSCRIBER, {"token_hash": wanted, "mark": mark}):
            if hmac.compare_digest(row.token_hash, wanted):
                return _subscriber(row)
        raise NotFound

    async def keep(self, subscriber: Subscriber, kind: str, profile: Profile, now: datetime) -> None:
        """Keep the profile as the last good one of this kind; nothing where the config is gone by now."""
        params: dict[str, Any] = {
            "config_id": subscriber.config_id,
            "kind": kind,
            "instance_id": subscriber.instance_id,
            "media_type": profile.media_type,
            "headers": json.dumps(profile.headers),
            "body": profile.body,
            "now": now,
            "before": now - COPY_AGE,
        }
        await self.database.run(KEEP, params)

    async def copy(self, config_id: int, kind: str) -> Copy | None:
        """The last good profile of this kind."""
        for row in await self.database.run(COPY, {"config_id": config_id, "kind": kind}):
            return Copy(Profile(row.body, row.media_type, dict(row.headers)), row.instance_id)
        return None

    async def _sealed(self, mine: dict[str, int]) -> str | None:
        rows = await self.database.run(SEALED, mine)
        if not rows:
            raise NotFound
        sealed: str | None = rows[0].sealed_token
        return sealed

    def _fresh(self) -> dict[str, str]:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return {"token_hash": self._hash(token), "sealed_token": self._seal.encrypt(token.encode()).decode()}

    def _hash(self, token: str) -> str:
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(
        config_id=row.id,
        owner=row.user_id,
        language=row.language,
        name=row.name,
        expires_at=row.expires_at,
        instance_id=row.instance_id,
        username=row.marzban_username,
        subscription_url=row.subscription_url,
        link=row.link,
        device_seen_at=row.seen_at,
        is_paused=row.is_paused,
    )
