"""Owns the reading of query strings of lists and time windows; must not know users' rules."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from sandbox.marzban.model import Traffic, User
from sandbox.refusals import RefusedError

_SORTS: dict[str, Callable[[User], str | float]] = {
    "username": lambda user: user.username,
    "used_traffic": lambda user: user.used_traffic,
    "data_limit": lambda user: user.data_limit or 0,
    "expire": lambda user: user.expire or 0,
    "created_at": lambda user: user.created_at.timestamp(),
}
_WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Listing:
    """Which users, in which order, from where; a limit of None, and of 0 too, means all of them."""

    offset: int
    limit: int | None
    search: str
    usernames: frozenset[str]
    status: str | None
    owners: frozenset[str]
    sort: tuple[str, ...]

    def select(self, users: Iterable[User]) -> list[User]:
        """Return every user meant, sorted, before paging."""
        found = [user for user in users if self._means(user)]
        for key in reversed(self.sort):
            found.sort(key=_SORTS[key.removeprefix("-")], reverse=key.startswith("-"))
        return found

    def page(self, users: list[User]) -> list[User]:
        """Return the page asked for."""
        end = self.offset + self.limit if self.limit else None
        return users[self.offset : end]

    def _means(self, user: User) -> bool:
        text = self.search.lower()
        return (
            (not text or text in user.username.lower() or text in (user.note or "").lower())
            and (not self.usernames or user.username in self.usernames)
            and (self.status is None or user.status == self.status)
            and (not self.owners or user.owner.username in self.owners)
        )


def listing(request: web.Request) -> Listing:
    """Read the query of GET /api/users."""
    query = request.query
    sort = tuple(key for key in query.get("sort", "").split(",") if key)
    for key in sort:
        if key.removeprefix("-") not in _SORTS:
            raise RefusedError(400, f'"{key}" is not a valid sort option')
    return Listing(
        offset=_number(query.get("offset"), "offset") or 0,
        limit=_number(query.get("limit"), "limit"),
        search=query.get("search", ""),
        usernames=frozenset(query.getall("username", [])),
        status=query.get("status"),
        owners=frozenset(query.getall("admin", [])),
        sort=sort,
    )


def within(request: web.Request, rows: Iterable[Traffic], now: datetime) -> list[Traffic]:
    """Return the hourly rows of the window asked for, by default the last 30 days."""
    try:
        start = _moment(request.query.get("start"), now - _WINDOW)
        end = _moment(request.query.get("end"), now)
    except ValueError as error:
        raise RefusedError(400, "Invalid date range or format") from error
    if start > end:
        raise RefusedError(400, "Invalid date range or format")
    return [row for row in rows if start <= row.hour <= end]


def moment(request: web.Request, name: str) -> datetime | None:
    """Read one optional moment of the query."""
    try:
        return _read(request.query[name]) if name in request.query else None
    except ValueError as error:
        raise RefusedError(400, "Invalid date range or format") from error


def _moment(text: str | None, default: datetime) -> datetime:
    return _read(text) if text else default


def _read(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise RefusedError(422, {name: message}) from error
