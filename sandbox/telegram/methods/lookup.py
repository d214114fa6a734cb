"""Owns getMe, getChat and getFile; must not change anything."""

from aiogram.methods import GetChat, GetFile, GetMe
from aiogram.types import AcceptedGiftTypes, ChatFullInfo, File, User

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.forum import refuse_stranger
from sandbox.telegram.methods.reach import chat_of
from sandbox.telegram.methods.served import served
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.wire import group_chat

_REACTIONS = 11
_GIFTS = AcceptedGiftTypes(unlimited_gifts=True, limited_gifts=True, unique_gifts=True, premium_subscription=True)


def get_me(telegram: Telegram, _request: GetMe) -> User:
    """Return the bot itself."""
    return telegram.bot.model_copy(
        update={
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
    )


def get_chat(telegram: Telegram, request: GetChat) -> ChatFullInfo:
    """Return what the bot may know of a person, a group or a channel."""
    group = telegram.groups.find(request.chat_id)
    if group is not None:
        refuse_stranger(group)
        return ChatFullInfo(
            **group_chat(group).model_dump(exclude_none=True),
            accent_color_id=0,
            max_reaction_count=_REACTIONS,
            accepted_gift_types=_GIFTS,
        )
    person = chat_of(telegram, request.chat_id)
    return ChatFullInfo(
        id=person.id,
        type="private",
        first_name=person.first_name,
        username=person.username,
        accent_color_id=0,
        max_reaction_count=_REACTIONS,
        accepted_gift_types=_GIFTS,
    )


def get_file(telegram: Telegram, request: GetFile) -> File:
    """Return where a photo can be downloaded."""
    photo = telegram.photos.find(request.file_id)
    if photo is None or photo.file_id != request.file_id:
        raise bad_request("invalid file_id")
    return File(file_id=photo.file_id, file_unique_id=photo.unique_id, file_size=len(photo.body), file_path=photo.path)


METHODS = (served(GetMe, get_me), served(GetChat, get_chat), served(GetFile, get_file))
