"""Owns the answers to "are you alive" and "can you work". Must not name anything secret: anybody may ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from app.web.ports import Check

log = structlog.get_logger()

CHECK_SECONDS = 2.0


async def health(_request: Request) -> JSONResponse:
    """200 as long as the event loop turns."""
    return JSONResponse({"status": "alive"})


class Readiness:
    """200 where all checks pass within `seconds`, else 503; the body says which did not."""

    def __init__(self, checks: Mapping[str, Check], *, seconds: float = CHECK_SECONDS) -> None:
        self._checks = dict(checks)
        self._seconds = seconds

    async def __call__(self, _request: Request) -> JSONResponse:
        """Ask all at once."""
        # Not a try around each: whatever a store's driver raises, its meaning here is the same.
        answers = await asyncio.gather(*(self._ask(check) for check in self._checks.values()), return_exceptions=True)
        results = dict(zip(self._checks, answers, strict=True))
        failed = {name: type(answer).__name__ for name, answer in results.items() if answer is not True}
        if failed:
            log.warning("not_ready", failed=failed)
        return JSONResponse(
            {name: "failed" if name in failed else "ok" for name in results},
            status_code=503 if failed else 200,
        )

    async def _ask(self, check: Check) -> bool:
        async with asyncio.timeout(self._seconds):
            return await check()
