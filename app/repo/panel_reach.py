"""Owns where a panel may stand and whom it must prove to be: addresses and TLS. Must send nothing."""

from __future__ import annotations

import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from app.services.records import TlsMode

if TYPE_CHECKING:
    from yarl import URL

    from app.services.records import PanelAccess

# Carries an IPv4 address, which the network unpacks on the way.
NAT64 = IPv6Network("64:ff9b::/96")
REFUSED = "base_url leads to an address of this machine or a private net (PANELS_ALLOW_PRIVATE is off)"


class AddressRefused(OSError):
    """A name leads where no panel may stand."""


def is_public(address: str) -> bool:
    """Whether an address, not a name, is one of the open internet, in whatever notation it hides."""
    try:
        return _is_open(ip_address(address))
    except ValueError:
        return False


def is_refused(url: URL, *, allow_private: bool) -> bool:
    """Whether the host is written as an address that must not be reached; names are judged when they are resolved."""
    host = url.host or ""
    # As aiohttp tells them: what looks like a number is given to the system unresolved, 127.1 and 2130706433 too.
    is_number = ":" in host or host.replace(".", "").isdigit()
    return is_number and not allow_private and not is_public(host)


def _is_open(ip: IPv4Address | IPv6Address) -> bool:
    inner = _inner(ip)
    if inner is not None:
        return _is_open(inner)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(ip, IPv4Address):
        return None
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)


class PublicResolver(AbstractResolver):
    """Resolves names at the moment of connecting, so that no answer can change between the check and the use."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; AddressRefused where one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise AddressRefused(REFUSED)
        return found

    async def close(self) -> None:
        """Let go of the resolver below."""
        await self._inner.close()


def connector(*, allow_private: bool, limit: int, limit_per_host: int = 0) -> aiohttp.TCPConnector:
    """Pooled connections that reach public addresses only, unless private ones are allowed."""
    resolver = None if allow_private else PublicResolver()
    return aiohttp.TCPConnector(limit=limit, limit_per_host=limit_per_host, resolver=resolver)


def tls_of(access: PanelAccess) -> ssl.SSLContext | bool:
    """How the panel's certificate is checked: True by the system's authorities. ValueError where `ca_pem` is none."""
    if access.tls is TlsMode.INSECURE:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if access.ca_pem is None:
        return True
    try:
        context = ssl.create_default_context(cadata=access.ca_pem)
    except (ssl.SSLError, ValueError):
        raise ValueError("ca_pem holds no certificate") from None
    # A panel's own certificate, without the authority that signed it, may be the one that is trusted.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
