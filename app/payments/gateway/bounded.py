"""Reads an answer of a provider as far as is sane. Knows no provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

_CHUNK = 64 * 1024


async def bounded_body(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The whole body; None where it is larger than `most` bytes, of which no more was kept."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
