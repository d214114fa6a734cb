"""What the single-server past has left behind, as tests put it there: nothing of the product makes it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.books import Books

SERVER = "INSERT INTO servers (name, base_url) VALUES ('the old one', 'https://old.example') RETURNING id"
CONFIG = """
    INSERT INTO configs (user_id, intent, slot, name, status, server_id, marzban_username, link, expires_at, is_due,
                         next_attempt_at, created_at)
    SELECT tg_id, 'past', 1, 'VPN 1', 'active', :server_id, 'old-name@' || tg_id, 'vless://old',
           subscription_end - interval '3 days', false, created_at, created_at - interval '1 year'
    FROM users WHERE tg_id = :tg_id RETURNING id
"""


async def past_of(books: Books, *tg_ids: int) -> list[int]:
    """A server of the past with a config of each of these people; the configs' numbers."""
    server_id = await books.value(SERVER)
    return [await books.value(CONFIG, server_id=server_id, tg_id=tg_id) for tg_id in tg_ids]
