"""Owns what the bot does in groups: topics, messages into them, who is a member; must not act for people."""

from aiogram.methods import (
    CloseForumTopic,
    CreateForumTopic,
    GetChatMember,
    ReopenForumTopic,
    SendMessage,
    SendPhoto,
)
from aiogram.types import (
    ChatMemberAdministrator,
    ChatMemberLeft,
    ChatMemberMember,
    ForumTopic,
    Message,
    User,
)

from sandbox.telegram.errors import ApiError, bad_request, forbidden
from sandbox.telegram.groups import Group, Topic
from sandbox.telegram.methods.served import served
from sandbox.telegram.people import Content
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.formatted import Formatted, utf16_length
from sandbox.telegram.wire import group_message, user

NAME_LIMIT = 128
_COLOUR = 0x6FB9F0
_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip


def create_topic(telegram: Telegram, request: CreateForumTopic) -> ForumTopic:
    """Begin a topic."""
    group = _forum(telegram, request.chat_id)
    if not 1 <= utf16_length(request.name) <= NAME_LIMIT:
        raise bad_request("TOPIC_TITLE_EMPTY" if not request.name else "topic name is too long")
    created = group.post(
        Content(Formatted(request.name), is_service=True),
        telegram.now(),
        sender=None,
        thread_id=group.last_id + 1,
        happening="created",
    )
    group.topics[created.id] = Topic(created.id, request.name)
    return ForumTopic(message_thread_id=created.id, name=request.name, icon_color=_COLOUR)


def close_topic(telegram: Telegram, request: CloseForumTopic) -> bool:
    """Close a topic, once."""
    return _turned(telegram, request, is_closed=True)


def reopen_topic(telegram: Telegram, request: ReopenForumTopic) -> bool:
    """Open a closed topic again."""
    return _turned(telegram, request, is_closed=False)


def get_chat_member(
    telegram: Telegram, request: GetChatMember
) -> ChatMemberMember | ChatMemberLeft | ChatMemberAdministrator:
    """Tell what somebody is in a group or channel; of others than itself only where the bot may know it."""
    group = group_of(telegram, request.chat_id)
    if request.user_id == telegram.bot.id:
        return _bots_own(telegram.bot, group)
    person = telegram.people.find(request.user_id)
    if group.bot != "administrator":
        raise bad_request("member list is inaccessible")
    if person is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    member = ChatMemberMember if person.id in group.members else ChatMemberLeft
    return member(user=user(person))


def send_to_group(telegram: Telegram, group: Group, request: SendMessage | SendPhoto, content: Content) -> Message:
    """Put a message of the bot's into a topic, or into the part of the group that is no topic."""
    refuse_stranger(group)
    thread = thread_of(group, request.message_thread_id)
    asked = request.reply_parameters
    reply_to = asked.message_id if asked and asked.message_id in group.messages else None
    if asked and reply_to is None and asked.allow_sending_without_reply is not True:
        raise bad_request("message to be replied not found")
    stored = group.post(content, telegram.now(), sender=None, thread_id=thread, reply_to=reply_to)
    return group_message(telegram.bot, group, stored)


def group_of(telegram: Telegram, chat_id: int | str | None) -> Group:
    """Return the group of a call; ApiError 400 where there is none."""
    group = telegram.groups.find(chat_id)
    if group is None:
        raise bad_request("chat not found")
    return group


def refuse_stranger(group: Group) -> None:
    """Refuse a call where the bot is not in the group."""
    if group.bot == "left":
        raise forbidden(f"bot is not a member of the {group.kind} chat")


def thread_of(group: Group, thread_id: int | None) -> int | None:
    """Return the topic that a message goes to; ApiError 400 where there is none of that id."""
    if thread_id is not None and thread_id not in group.topics:
        raise bad_request("message thread not found")
    return thread_id


def _forum(telegram: Telegram, chat_id: int | str) -> Group:
    group = group_of(telegram, chat_id)
    refuse_stranger(group)
    if not group.is_forum:
        raise bad_request("the chat is not a forum")
    if group.bot != "administrator":
        raise bad_request("not enough rights to create a topic")
    return group


def _turned(telegram: Telegram, request: CloseForumTopic | ReopenForumTopic, *, is_closed: bool) -> bool:
    group = _forum(telegram, request.chat_id)
    topic = group.topics.get(request.message_thread_id)
    if topic is None:
        raise _no_topic()
    if topic.is_closed == is_closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = is_closed
    group.post(
        Content(Formatted(topic.name), is_service=True),
        telegram.now(),
        sender=None,
        thread_id=topic.id,
        happening="closed" if is_closed else "reopened",
    )
    return True


def _no_topic() -> ApiError:
    return bad_request("message thread not found")


def _bots_own(bot: User, group: Group) -> ChatMemberMember | ChatMemberLeft | ChatMemberAdministrator:
    if group.bot == "member":
        return ChatMemberMember(user=bot)
    if group.bot == "left":
        return ChatMemberLeft(user=bot)
    rights = dict.fromkeys(_RIGHTS, False)
    return ChatMemberAdministrator.model_validate({"user": bot, **rights, "can_manage_topics": group.is_forum})


METHODS = (
    served(CreateForumTopic, create_topic),
    served(CloseForumTopic, close_topic),
    served(ReopenForumTopic, reopen_topic),
    served(GetChatMember, get_chat_member),
)
