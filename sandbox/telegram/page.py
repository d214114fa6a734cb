"""Owns how a chat looks to a page or a test, as JSON and as text; must not change it."""

from sandbox.telegram.keyboards import shown
from sandbox.telegram.people import Person, StoredMessage
from sandbox.telegram.stars import CURRENCY, StarsInvoice
from sandbox.telegram.text.render import to_html


def message_view(stored: StoredMessage) -> dict[str, object]:
    """Return a message with safe HTML and the rows of its buttons."""
    content = stored.content
    return {
        "id": stored.id,
        "from": "bot" if stored.by_bot else "person",
        "date": stored.sent_at,
        "edited": stored.edited_at is not None,
        "text": content.text.text,
        "html": to_html(content.text),
        "photo": f"/sim/file/{content.photo.unique_id}" if content.photo else None,
        "buttons": shown(stored.keyboard),
        "invoice": invoice_view(content.invoice) if content.invoice else None,
        "file": content.attachment.kind if content.attachment else None,
        "service": content.is_service,
        "effect": content.effect,
    }


def invoice_view(invoice: StarsInvoice) -> dict[str, object]:
    """Return what a payer sees of an invoice."""
    return {
        "title": invoice.title,
        "description": invoice.description,
        "currency": CURRENCY,
        "total_amount": invoice.stars,
    }


def person_view(person: Person) -> dict[str, object]:
    """Return who somebody is."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "username": person.username,
        "language_code": person.language_code,
        "blocked": person.blocked,
    }


def transcript(person: Person, bot_name: str) -> str:
    """Return the chat as text: a paragraph a message, a line a row of buttons."""
    return "\n\n".join(_paragraph(stored, person, bot_name) for stored in person.messages.values())


def _paragraph(stored: StoredMessage, person: Person, bot_name: str) -> str:
    name = bot_name if stored.by_bot else person.first_name
    invoice = stored.content.invoice
    card = f"(invoice: {invoice.title}, {invoice.stars} ⭐)" if invoice else ""
    parts = ("(photo)" if stored.content.photo else "", card, stored.content.text.text)
    said = " ".join(part for part in parts if part)
    rows = [" ".join(f"[{button['text']}]" for button in row) for row in shown(stored.keyboard)]
    return "\n".join([f"{name}: {said}", *rows])
