"""Owns one panel's state and its admins' rights; must not know HTTP nor the wording of answers."""

import hashlib
import hmac
import itertools
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sandbox import panel_tokens as tokens
from sandbox.clock import SandboxClock
from sandbox.marzban.model import MASTER, Admin, Inbound, Node, Traffic, User
from sandbox.refusals import CrashError, RefusedError, not_allowed

_INBOUNDS = (
    Inbound("VLESS TCP REALITY", "vless", "tcp", "reality", 443),
    Inbound("VMess Websocket", "vmess", "ws", "none", 8080),
    Inbound("Trojan Websocket TLS", "trojan", "ws", "tls", 2083),
    Inbound("Shadowsocks TCP", "shadowsocks", "tcp", "none", 1080),
)
_DAY_MINUTES = 1440
_UPLINK_SHARE = 5


class Panel:
    """A panel with its own database, keys, two nodes and one admin; token_minutes 0 means tokens never end."""

    def __init__(
        self,
        clock: SandboxClock,
        name: str,
        username: str,
        password: str,
        *,
        env_admin: bool = False,
        token_minutes: int = _DAY_MINUTES,
        protocols: Sequence[str] = ("vless", "vmess", "trojan", "shadowsocks"),
    ) -> None:
        self.clock = clock
        self.name = name
        self.up = True
        self.token_minutes = token_minutes
        self.secret = hashlib.sha256(f"sandbox panel {name}".encode()).digest()
        self.address = f"203.0.113.{self.secret[0]}"
        self.inbounds = [inbound for inbound in _INBOUNDS if inbound.protocol in protocols]
        self.admins = {username: Admin(username, password, from_env=env_admin)}
        self.users: dict[str, User] = {}
        self.nodes: dict[int, Node] = {}
        self.traffic: list[Traffic] = []
        self._node_ids = itertools.count(1)
        self._serials = itertools.count(1)
        for number in (1, 2):
            self.add_node(f"{name.lower()}-{number}", f"198.51.100.{self.secret[number]}")

    def now(self) -> datetime:
        """Return the panel's time, aware, in UTC."""
        return self.clock.now()

    def login(self, username: str, password: str) -> str:
        """Return a token, or refuse with 401."""
        admin = self.admins.get(username)
        if admin is None or not hmac.compare_digest(admin.password.encode(), password.encode()):
            raise RefusedError(401, "Incorrect username or password")
        issued = int(self.clock.timestamp())
        ends = issued + self.token_minutes * 60 if self.token_minutes else None
        return tokens.jwt(tokens.Claims(username, "sudo" if admin.is_sudo else "admin", issued, ends), self.secret)

    def admin_of(self, token: str) -> Admin:
        """Return whose token it is, or refuse with 401."""
        claims = tokens.read_jwt(token, self.secret, self.clock.timestamp())
        admin = self.admins.get(claims.sub) if claims else None
        if claims is None or admin is None or claims.iat < admin.password_changed_at:
            raise RefusedError(401, "Could not validate credentials")
        return admin

    def set_admin(self, username: str, password: str, *, is_sudo: bool) -> None:
        """Add an admin or change its password, which ends the tokens of before."""
        changed_at = int(self.clock.timestamp()) if username in self.admins else 0
        self.admins[username] = Admin(username, password, is_sudo, password_changed_at=changed_at)

    def user(self, username: str, admin: Admin) -> User:
        """Return a user the admin may see and the panel can show, or say why not."""
        user = self.owned(username, admin)
        if user.broken:
            raise CrashError
        return user

    def owned(self, username: str, admin: Admin) -> User:
        """Return a user the admin may touch, broken or not, or refuse with 404 or 403."""
        user = self.users.get(username)
        if user is None:
            raise RefusedError(404, "User not found")
        if not admin.is_sudo and user.owner.username != admin.username:
            raise not_allowed()
        return user

    def node(self, node_id: int) -> Node:
        """Return a node or refuse with 404."""
        if node_id not in self.nodes:
            raise RefusedError(404, "Node not found")
        return self.nodes[node_id]

    def add_node(self, name: str, address: str) -> Node:
        """Add a node, or refuse a name that is taken with 409."""
        if any(node.name == name for node in self.nodes.values()):
            raise RefusedError(409, f'Node "{name}" already exists')
        node = Node(next(self._node_ids), name, address)
        self.nodes[node.id] = node
        return node

    def carry(self, user: User, node_name: str, size: int) -> None:
        """Let a user transfer bytes through a node or the master; LookupError where there is no such node."""
        node = next((node for node in self.nodes.values() if node.name == node_name), None)
        if node is None and node_name != MASTER:
            raise LookupError(f"no node {node_name}")
        billed = int(size * (node.usage_coefficient if node else 1.0))
        hour = self.now().replace(minute=0, second=0, microsecond=0)
        up = size // _UPLINK_SHARE
        row = Traffic(hour, node.id if node else None, user.username, up, size - up, billed)
        self.traffic.append(row)
        user.hourly.append(row)
        user.used_traffic += billed
        user.online_at = self.now()

    def usage(self, rows: Sequence[Traffic], amount: Callable[[Traffic], dict[str, int]]) -> list[dict[str, object]]:
        """Sum rows a node, the master first; amount gives a row's figures by name."""
        names: dict[int | None, str] = {None: MASTER} | {node.id: node.name for node in self.nodes.values()}
        answer: list[dict[str, object]] = []
        for node_id, name in names.items():
            figures = [amount(row) for row in rows if row.node_id == node_id]
            sums = {key: sum(figure[key] for figure in figures) for key in amount(_NO_TRAFFIC)}
            answer.append({"node_id": node_id, "node_name": name, **sums})
        return answer

    def serial(self) -> int:
        """Return the next serial of subscription tokens."""
        return next(self._serials)

    def subscription_path(self, user: User) -> str:
        """Return a relative link to the user's subscription, a different one at every read."""
        ticket = tokens.Ticket(user.username, self.serial())
        return f"/sub/{tokens.subscription(ticket, math.ceil(self.clock.timestamp()), self.secret)}"

    def subscriber(self, token: str) -> User:
        """Return whose link it is, or refuse with 404: forged, revoked, or of a user that is gone."""
        ticket = tokens.read_subscription(token, self.secret)
        user = self.users.get(ticket.username) if ticket else None
        if ticket is None or user is None or user.broken or ticket.serial < user.first_serial:
            raise RefusedError(404, "Not Found")
        return user


_NO_TRAFFIC = Traffic(datetime.fromtimestamp(0, UTC), None, "", 0, 0, 0)
