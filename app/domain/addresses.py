"""Owns what counts as one address, and the rule by which a config is used from too many. Reads no log itself."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

MOST_CONFIGS = 50_000
# Beyond it a config has far too many, and how many more is no matter.
MOST_ADDRESSES = 64


def neighbourhood(host: str | None) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that one IPv6 customer has; empty for no address."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)


class AddressBook:
    """From where each config was used within a window, bounded in memory.

    A phone that leaves its Wi-Fi changes its address, so one window says nothing: a config has too many only when it
    had more than `most` in two windows in succession. Configs beyond `most_configs` in a window are not counted.
    """

    def __init__(self, most: int, *, most_configs: int = MOST_CONFIGS) -> None:
        self._most = most
        self._most_configs = most_configs
        self._seen: dict[str, set[str]] = {}
        self._over_before: frozenset[str] = frozenset()

    def note(self, username: str, host: str) -> None:
        """The config was used from there."""
        address = neighbourhood(host)
        addresses = self._seen.get(username)
        if addresses is None:
            if not address or len(self._seen) >= self._most_configs:
                return
            addresses = self._seen[username] = set()
        if address and len(addresses) < MOST_ADDRESSES:
            addresses.add(address)

    def close_window(self) -> dict[str, int]:
        """End the window: by username, how many addresses those had that were over in it and in the one before."""
        over = {username: len(seen) for username, seen in self._seen.items() if len(seen) > self._most}
        again = {username: number for username, number in over.items() if username in self._over_before}
        # Who is judged now begins anew.
        self._over_before = frozenset(over.keys() - again.keys())
        self._seen = {}
        return again

    def forget(self) -> None:
        """Nothing was seen: what was read has holes, or is old."""
        self._seen = {}
        self._over_before = frozenset()
