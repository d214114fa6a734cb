"""Owns the Bot API's refusals and their exact words; must not decide when one is due."""

from http import HTTPStatus

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
OLD_QUERY = "query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class ApiError(Exception):
    """A refusal as the Bot API words it; retry_after is in seconds and belongs to 429."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, object]:
        """Return the JSON the Bot API answers with."""
        body: dict[str, object] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(reason: str) -> ApiError:
    """Refuse with 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """Refuse with 403."""
    return ApiError(HTTPStatus.FORBIDDEN, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """Refuse with 409."""
    return ApiError(HTTPStatus.CONFLICT, f"Conflict: {reason}")


def unauthorized() -> ApiError:
    """Refuse a wrong token."""
    return ApiError(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def unknown_method() -> ApiError:
    """Refuse a method that is not served."""
    return ApiError(HTTPStatus.NOT_FOUND, "Not Found: method not found")


def too_many_requests(retry_after: int) -> ApiError:
    """Ask the bot to wait retry_after seconds."""
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, f"Too Many Requests: retry after {retry_after}", retry_after)


def server_error(status: int) -> ApiError:
    """Fail with any status, worded by HTTP's own phrase."""
    known = {member.value: member.phrase for member in HTTPStatus}
    return ApiError(status, known.get(status, "Internal Server Error"))
