"""Notes who blocked the bot and who came back. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiogram.enums import ChatMemberStatus, ChatType

if TYPE_CHECKING:
    from aiogram.types import ChatMemberUpdated

    from app.services.accounts import Accounts

AWAY = (ChatMemberStatus.KICKED, ChatMemberStatus.LEFT)


class Membership:
    """Handles my_chat_member updates of private chats."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def note(self, event: ChatMemberUpdated) -> None:
        """Remember whether the person can be written to."""
        if event.chat.type != ChatType.PRIVATE:
            return
        if event.new_chat_member.status in AWAY:
            await self._accounts.gone(event.chat.id)
        else:
            await self._accounts.back(event.chat.id)
