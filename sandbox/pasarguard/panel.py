"""Owns one PasarGuard panel's state and rules; must not know HTTP nor the wording of answers that are no refusals."""

import hashlib
import hmac
import itertools
import math
import uuid
from datetime import UTC, datetime

from sandbox import panel_tokens as tokens
from sandbox.clock import SandboxClock
from sandbox.pasarguard.asks import UserCreate, UserFields, UserModify
from sandbox.pasarguard.model import Group, Node, Traffic, User
from sandbox.refusals import RefusedError

_DAY_MINUTES = 1440


class Panel:
    """A panel with its own database and keys, one owner, two nodes and two groups; device limits are on, not forced."""

    def __init__(
        self, clock: SandboxClock, name: str, username: str, password: str, *, token_minutes: int = _DAY_MINUTES
    ) -> None:
        self.clock = clock
        self.name = name
        self.up = True
        self.token_minutes = token_minutes
        self.hwid_forced = False
        self.secret = hashlib.sha256(f"sandbox pasarguard {name}".encode()).digest()
        self.owner = (username, password)
        self.users: dict[str, User] = {}
        self.nodes = {number: Node(number, f"{name.lower()}-{number}") for number in (1, 2)}
        self.groups = {
            1: Group(1, "everybody", ("VLESS TCP REALITY", "Trojan Websocket TLS")),
            2: Group(2, "guests", ("Shadowsocks TCP",)),
        }
        self.traffic: list[Traffic] = []
        self._user_ids = itertools.count(1)
        self._serials = itertools.count(1)

    def login(self, username: str, password: str) -> str:
        """Return a token, or refuse with 401."""
        if not hmac.compare_digest(f"{self.owner}".encode(), f"{(username, password)}".encode()):
            raise RefusedError(401, "Incorrect username or password")
        issued = int(self.clock.timestamp())
        ends = issued + self.token_minutes * 60 if self.token_minutes else None
        return tokens.jwt(tokens.Claims(username, "admin", issued, ends), self.secret)

    def check(self, token: str) -> None:
        """Refuse a token that is not of this panel's owner, or has ended."""
        claims = tokens.read_jwt(token, self.secret, self.clock.timestamp())
        if claims is None or claims.sub != self.owner[0]:
            raise RefusedError(401, "Could not validate credentials")

    def user(self, username: str) -> User:
        """Return a user as they are by now, or refuse with 404."""
        if username not in self.users:
            raise RefusedError(404, "User not found")
        return self._reviewed(self.users[username])

    def numbered(self, number: str) -> User:
        """Return the user of that number, or refuse with 404."""
        return self.user(next((user.username for user in self.users.values() if str(user.id) == number), ""))

    def create(self, asked: UserCreate) -> User:
        """Make a user, or refuse a name that is taken or a group that is not there."""
        if asked.username in self.users:
            raise RefusedError(409, "User already exists")
        user = User(next(self._user_ids), asked.username, self.clock.now(), self._groups(asked.group_ids or []))
        self._change(user, asked)
        self.users[user.username] = user
        return self._reviewed(user)

    def modify(self, user: User, asked: UserModify) -> User:
        """Change what is named. Whoever was disabled comes back as what they are by now."""
        if asked.proxy_settings is not None:
            user.secret = str(uuid.uuid4())
        if asked.status is not None:
            user.status = asked.status
        self._change(user, asked)
        return self._reviewed(user)

    def reset(self, user: User) -> User:
        """Count the user's traffic from zero."""
        user.traffic_before_resets, user.used_traffic = user.traffic_before_resets + user.used_traffic, 0
        return self._reviewed(user)

    def revoke(self, user: User) -> User:
        """Give new secrets and end every link of before."""
        user.secret, user.revoked_serial = str(uuid.uuid4()), next(self._serials)
        return user

    def carry(self, user: User, node_id: int, size: int) -> None:
        """Let a user transfer bytes through a node, all of them down."""
        hour = self.clock.now().replace(minute=0, second=0, microsecond=0)
        self.traffic.append(Traffic(hour, node_id, 0, size))
        user.used_traffic += int(size * self.nodes[node_id].usage_coefficient)

    def subscription_path(self, user: User) -> str:
        """Return a relative link, a different one at every read."""
        ticket = tokens.Ticket(user.username, next(self._serials))
        return f"/sub/{tokens.subscription(ticket, math.ceil(self.clock.timestamp()), self.secret)}"

    def subscriber(self, token: str) -> User:
        """Return whose link it is, or refuse with 404."""
        ticket = tokens.read_subscription(token, self.secret)
        user = self.users.get(ticket.username) if ticket else None
        if ticket is None or user is None or ticket.serial < user.revoked_serial:
            raise RefusedError(404, "Not Found")
        return self._reviewed(user)

    def admit(self, user: User, hwid: str | None) -> None:
        """Remember the device, or refuse one more than the user may have."""
        if user.hwid_limit == 0:
            return
        if not hwid:
            if self.hwid_forced:
                raise RefusedError(403, "HWID header required")
            return
        if hwid not in user.devices and user.hwid_limit and len(user.devices) >= user.hwid_limit:
            raise RefusedError(403, "Device limit reached")
        user.devices.add(hwid)

    def _change(self, user: User, asked: UserFields) -> None:
        if asked.group_ids:
            user.group_ids = self._groups(asked.group_ids)
        if asked.expire is not None:
            user.expire = asked.ends()
        if asked.data_limit is not None:
            user.data_limit = asked.data_limit or None
        if "hwid_limit" in asked.model_fields_set:
            user.hwid_limit = asked.hwid_limit
        user.note = user.note if asked.note is None else asked.note or None
        user.data_limit_reset_strategy = asked.data_limit_reset_strategy or user.data_limit_reset_strategy

    def _groups(self, group_ids: list[int]) -> list[int]:
        if not set(group_ids) <= set(self.groups):
            raise RefusedError(404, "Group not found")
        return group_ids

    def _reviewed(self, user: User) -> User:
        """The user with the status that time and traffic have given them."""
        if user.status in {"active", "expired", "limited"}:
            is_over = user.expire is not None and user.expire <= self.clock.now()
            is_full = user.data_limit is not None and user.used_traffic >= user.data_limit
            user.status = "expired" if is_over else "limited" if is_full else "active"
        return user


def written(at: datetime | None) -> str | None:
    """Write an instant in UTC, as the panel does."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
