"""Owns the reading of request bodies within limits of size and time. Must not interpret them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BYTES = 1_048_576
MOST_SECONDS = 10.0


async def read_body(request: Request, *, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS) -> bytes:
    """The whole body; HTTPException 413 over `most_bytes`, 408 after `most_seconds`, 400 where it is cut off."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdecimal() and int(announced[:20]) > most_bytes:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(most_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)
