"""Owns sendMessage, sendPhoto and sendChatAction; must not edit what was sent."""

from aiogram.client.default import Default
from aiogram.enums import ChatAction
from aiogram.methods import SendChatAction, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message

from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import checked_markup
from sandbox.telegram.methods.forum import send_to_group
from sandbox.telegram.methods.reach import recipient, refuse_absent
from sandbox.telegram.methods.served import served
from sandbox.telegram.people import Content, Person
from sandbox.telegram.photos import Photo
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.incoming import caption, message_text

# The effects that cost nothing: 🔥 👍 👎 ❤ 🎉 💩.
_EFFECTS = frozenset({
    "5104841245755180586", "5107584321108051014", "5104858069142078462",
    "5159385139981059251", "5046509860389126442", "5046589136895476101",
})  # fmt: skip
_ACTIONS = frozenset(action.value for action in ChatAction)


def send_message(telegram: Telegram, request: SendMessage) -> Message:
    """Put a text into a chat."""
    content = Content(
        message_text(request.text, request.parse_mode, request.entities),
        preview=link_preview(request.link_preview_options, request.disable_web_page_preview),
        effect=_effect(request.message_effect_id),
    )
    return _send(telegram, request, content)


def send_photo(telegram: Telegram, request: SendPhoto) -> Message:
    """Put a photo into a chat."""
    content = Content(
        caption(request.caption, request.parse_mode, request.caption_entities),
        photo_of(telegram, request.photo),
        caption_above=request.show_caption_above_media is True,
        spoiler=request.has_spoiler is True,
        effect=_effect(request.message_effect_id),
    )
    return _send(telegram, request, content)


def send_chat_action(telegram: Telegram, request: SendChatAction) -> bool:
    """Show that the bot is busy."""
    refuse_absent(request)
    if request.action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    person = recipient(telegram, request.chat_id)
    telegram.events.publish(person.id, "action", {"action": request.action})
    return True


def photo_of(telegram: Telegram, source: str | InputFile) -> Photo:
    """Return the photo of an upload or a file id; ApiError 400 where there is none."""
    if isinstance(source, BufferedInputFile):
        return telegram.photos.add(source.data)
    if not isinstance(source, str) or not source:
        raise bad_request("there is no photo in the request")
    if source.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    photo = telegram.photos.find(source)
    if photo is None or photo.file_id != source:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return photo


def _effect(effect_id: str | None) -> str | None:
    if effect_id and effect_id not in _EFFECTS:
        raise bad_request("EFFECT_ID_INVALID")
    return effect_id or None


def link_preview(
    options: LinkPreviewOptions | Default | None, disabled: bool | Default | None
) -> LinkPreviewOptions | None:
    """Return the options as a message carries them, None where nothing was chosen."""
    chosen: dict[str, object] = {"is_disabled": True} if disabled is True else {}
    if isinstance(options, LinkPreviewOptions):
        chosen |= {name: getattr(options, name) for name in options.model_fields_set}
    if not any(chosen.values()):
        return None
    # The class would fill what is absent with placeholders that are no JSON.
    return LinkPreviewOptions.model_validate(dict.fromkeys(LinkPreviewOptions.model_fields) | chosen)


def _send(telegram: Telegram, request: SendMessage | SendPhoto, content: Content) -> Message:
    keyboard = checked_markup(request.reply_markup)
    group = telegram.groups.find(request.chat_id)
    if group is not None:
        return send_to_group(telegram, group, request, content)
    refuse_absent(request)
    person = recipient(telegram, request.chat_id)
    fixed = request.reply_markup is not None and not isinstance(request.reply_markup, InlineKeyboardMarkup)
    reply_to = _replied(person, request)
    stored = telegram.post(person, content, by_bot=True, keyboard=keyboard, fixed=fixed, reply_to=reply_to)
    return telegram.told(person, stored)


def _replied(person: Person, request: SendMessage | SendPhoto) -> int | None:
    asked = request.reply_parameters
    message_id = asked.message_id if asked else request.reply_to_message_id
    if message_id is None or message_id in person.messages:
        return message_id
    lenient = asked.allow_sending_without_reply if asked else request.allow_sending_without_reply
    if lenient is not True:
        raise bad_request("message to be replied not found")
    return None


METHODS = (served(SendMessage, send_message), served(SendPhoto, send_photo), served(SendChatAction, send_chat_action))
