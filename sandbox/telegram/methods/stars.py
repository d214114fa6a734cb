"""Owns the Bot API's methods around Stars: invoices, checkout answers, the list, refunds; must not charge anybody."""

from aiogram.methods import (
    AnswerPreCheckoutQuery,
    CreateInvoiceLink,
    GetMyStarBalance,
    GetStarTransactions,
    RefundStarPayment,
    SendInvoice,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message, StarAmount, StarTransactions

from sandbox.telegram import checkout
from sandbox.telegram.errors import OLD_QUERY, bad_request
from sandbox.telegram.keyboards import checked_markup
from sandbox.telegram.methods.reach import recipient, refuse_absent
from sandbox.telegram.methods.served import served
from sandbox.telegram.people import Content
from sandbox.telegram.stars import CURRENCY, StarsInvoice, Transfer
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.formatted import Formatted, utf16_length
from sandbox.telegram.wire import dumped, user

TITLE_LIMIT, DESCRIPTION_LIMIT, PAYLOAD_LIMIT_BYTES, STARS_LIMIT = 32, 255, 128, 100_000
PAGE_LIMIT = 100


def create_invoice_link(telegram: Telegram, request: CreateInvoiceLink) -> str:
    """Return a link at which Stars can be paid."""
    if request.business_connection_id or request.subscription_period:
        raise bad_request("the sandbox knows no subscriptions and no business connections")
    return telegram.stars.link(_invoice(request))


def send_invoice(telegram: Telegram, request: SendInvoice) -> Message:
    """Put a card with a Pay button into a chat."""
    refuse_absent(request)
    invoice = _invoice(request)
    person = recipient(telegram, request.chat_id)
    pay = InlineKeyboardButton(text=f"Pay ⭐{invoice.stars}", pay=True)
    markup = checked_markup(request.reply_markup, pays=True) or InlineKeyboardMarkup(inline_keyboard=[[pay]])
    if not markup.inline_keyboard[0][0].pay:
        raise bad_request("first button must be a pay button")
    content = Content(Formatted(""), invoice=invoice)
    return telegram.told(person, telegram.post(person, content, by_bot=True, keyboard=markup, fixed=True))


def answer_pre_checkout_query(telegram: Telegram, request: AnswerPreCheckoutQuery) -> bool:
    """Let a payment go ahead, or tell the payer why not; once, within 10 seconds."""
    if not request.ok and not request.error_message:
        raise bad_request("error message must be non-empty")
    waiting = telegram.checkouts.pop(request.pre_checkout_query_id, None)
    if waiting is None or waiting.done():
        raise bad_request(OLD_QUERY)
    waiting.set_result(None if request.ok else request.error_message)
    return True


def get_star_transactions(telegram: Telegram, request: GetStarTransactions) -> StarTransactions:
    """List what came and went, the oldest first."""
    offset = request.offset or 0
    limit = request.limit if request.limit is not None else PAGE_LIMIT
    if offset < 0 or not 1 <= limit <= PAGE_LIMIT:
        raise bad_request("invalid offset or limit")
    rows = [_row(telegram, transfer) for transfer in telegram.stars.transfers[offset : offset + limit]]
    return StarTransactions.model_validate({"transactions": rows})


def refund_star_payment(telegram: Telegram, request: RefundStarPayment) -> bool:
    """Give a charge back to who paid it."""
    if telegram.people.find(request.user_id) is None:
        raise bad_request("user not found")
    found = list(telegram.stars.of(request.telegram_payment_charge_id))
    if not found or found[0].person_id != request.user_id:
        raise bad_request("CHARGE_NOT_FOUND")
    if len(found) > 1:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    checkout.refund(telegram, found[0])
    return True


def get_my_star_balance(telegram: Telegram, _request: GetMyStarBalance) -> StarAmount:
    """Tell how many Stars the bot has."""
    return StarAmount(amount=telegram.stars.earned())


def _invoice(request: CreateInvoiceLink | SendInvoice) -> StarsInvoice:
    if request.currency != CURRENCY:
        raise bad_request("PAYMENT_PROVIDER_INVALID" if len(request.currency) == len(CURRENCY) else "CURRENCY_INVALID")
    if request.provider_token:
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    if not 1 <= utf16_length(request.title) <= TITLE_LIMIT:
        raise bad_request(f"invoice title must be 1-{TITLE_LIMIT} characters")
    if not 1 <= utf16_length(request.description) <= DESCRIPTION_LIMIT:
        raise bad_request(f"invoice description must be 1-{DESCRIPTION_LIMIT} characters")
    if not 1 <= len(request.payload.encode()) <= PAYLOAD_LIMIT_BYTES:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if len(request.prices) != 1 or request.max_tip_amount or request.suggested_tip_amounts:
        raise bad_request("STARS_INVOICE_INVALID")
    if not request.prices[0].label or not 1 <= request.prices[0].amount <= STARS_LIMIT:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    start = request.start_parameter or "" if isinstance(request, SendInvoice) else ""
    return StarsInvoice(request.title, request.description, request.payload, request.prices[0].amount, start)


def _row(telegram: Telegram, transfer: Transfer) -> dict[str, object]:
    person = telegram.people.find(transfer.person_id)
    partner: dict[str, object] = {"type": "fragment"}
    if person is not None:
        partner = {
            "type": "user",
            "transaction_type": "invoice_payment",
            "user": dumped(user(person)),
            "invoice_payload": transfer.payload,
        }
    side = "receiver" if transfer.is_refund else "source"
    return {"id": transfer.id, "amount": transfer.stars, "date": transfer.at, side: partner}


METHODS = (
    served(CreateInvoiceLink, create_invoice_link),
    served(SendInvoice, send_invoice),
    served(AnswerPreCheckoutQuery, answer_pre_checkout_query),
    served(GetStarTransactions, get_star_transactions),
    served(RefundStarPayment, refund_star_payment),
    served(GetMyStarBalance, get_my_star_balance),
)
