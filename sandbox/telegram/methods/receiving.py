"""Owns getUpdates and the webhook's settings, which exclude each other; must not deliver anything."""

import re
from urllib.parse import urlsplit

from aiogram.methods import DeleteWebhook, GetUpdates, GetWebhookInfo, SetWebhook
from aiogram.types import WebhookInfo

from sandbox.telegram.call import Call
from sandbox.telegram.errors import WEBHOOK_ACTIVE, bad_request, conflict
from sandbox.telegram.methods.served import served, served_by
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.webhook import MAX_CONNECTIONS, Hook

BATCH_LIMIT = 100
LONGEST_POLL_SECONDS = 50
CONNECTIONS_LIMIT = 100
_SECRET = re.compile(r"[A-Za-z0-9_-]+")
_SECRET_LIMIT = 256
_PORTS = frozenset({None, 443, 80, 88, 8443})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


async def get_updates(telegram: Telegram, request: GetUpdates, _call: Call) -> list[dict[str, object]]:
    """Confirm what is below offset and return what waits, or what comes within timeout seconds."""
    if telegram.webhook.hook is not None:
        raise conflict(WEBHOOK_ACTIVE)
    telegram.updates.allow(request.allowed_updates)
    telegram.updates.confirm(request.offset or 0)
    limit = request.limit if request.limit and 0 < request.limit <= BATCH_LIMIT else BATCH_LIMIT
    found = await telegram.polling.poll(limit, min(request.timeout or 0, LONGEST_POLL_SECONDS))
    return [update.body for update in found]


def set_webhook(telegram: Telegram, request: SetWebhook) -> bool:
    """Deliver updates to a URL from now on; an empty one goes back to polling."""
    hook = _hook(request) if request.url else None
    telegram.updates.allow(request.allowed_updates)
    if request.drop_pending_updates:
        telegram.updates.clear()
    if hook is not None:
        telegram.polling.end(conflict("terminated by setWebhook request"))
    if hook != telegram.webhook.hook:
        telegram.webhook.set(hook)
    return True


def delete_webhook(telegram: Telegram, request: DeleteWebhook) -> bool:
    """Go back to polling."""
    if request.drop_pending_updates:
        telegram.updates.clear()
    telegram.webhook.set(None)
    return True


def get_webhook_info(telegram: Telegram, _request: GetWebhookInfo) -> WebhookInfo:
    """Tell where updates go and how that went."""
    webhook = telegram.webhook
    return WebhookInfo.model_validate(
        {
            "url": webhook.hook.url if webhook.hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(telegram.updates),
            "last_error_date": webhook.failed_at,
            "last_error_message": webhook.failure,
            "max_connections": webhook.hook.max_connections if webhook.hook else None,
            "allowed_updates": telegram.updates.allowed,
        }
    )


def _hook(request: SetWebhook) -> Hook:
    secret = request.secret_token
    if secret is not None and len(secret) > _SECRET_LIMIT:
        raise bad_request("secret token is too long")
    if secret is not None and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    connections = MAX_CONNECTIONS if request.max_connections is None else request.max_connections
    if not 1 <= connections <= CONNECTIONS_LIMIT:
        raise bad_request(f"max_connections must be 1-{CONNECTIONS_LIMIT}")
    _check_url(request.url)
    return Hook(request.url, secret, connections)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise bad_request(f"bad webhook: {error}") from error
    # The sandbox has no TLS, so the one address that can't leave the machine may go without.
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return
    if parts.scheme != "https" or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if port not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


METHODS = (
    served_by(GetUpdates, get_updates),
    served(SetWebhook, set_webhook),
    served(DeleteWebhook, delete_webhook),
    served(GetWebhookInfo, get_webhook_info),
)
