"""Owns answerCallbackQuery; must not know what was clicked."""

from aiogram.methods import AnswerCallbackQuery

from sandbox.telegram.errors import OLD_QUERY, bad_request
from sandbox.telegram.methods.served import served
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.formatted import utf16_length

TEXT_LIMIT = 200


def answer_callback_query(telegram: Telegram, request: AnswerCallbackQuery) -> bool:
    """Answer a click, once."""
    if request.text and utf16_length(request.text) > TEXT_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    # Other than games, a bot may open nothing but a deep link to itself.
    if request.url and not request.url.startswith((f"https://t.me/{telegram.bot.username}?start=", "tg://resolve?")):
        raise bad_request("URL_INVALID")
    alert = request.show_alert is True
    if not telegram.answer(request.callback_query_id, request.text, request.url, alert=alert):
        raise bad_request(OLD_QUERY)
    return True


METHODS = (served(AnswerCallbackQuery, answer_callback_query),)
