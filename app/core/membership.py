"""Who is in a chat: notes who blocked the bot and who came back, and tells members from others. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.types import ChatMemberRestricted

if TYPE_CHECKING:
    from aiogram.types import ChatMemberUpdated, ResultChatMemberUnion

    from app.services.accounts import Accounts

AWAY = (ChatMemberStatus.KICKED, ChatMemberStatus.LEFT)
INSIDE = (ChatMemberStatus.CREATOR, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER)


def is_inside(member: ResultChatMemberUnion) -> bool:
    """Whether somebody is in a group or channel; who is restricted there may be either."""
    return member.status in INSIDE or (isinstance(member, ChatMemberRestricted) and member.is_member)


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
