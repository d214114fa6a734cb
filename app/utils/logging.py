"""Sets logging up: events as lines, secrets blotted out. Decides nothing by what is logged."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import EventDict, Processor, WrappedLogger

BLOT = "[secret]"
# A bot's token and a config's link are told by their form, wherever they turn up.
PATTERNS = re.compile(r"\b\d{5,}:[A-Za-z0-9_-]{30,}|\b(?:vless|vmess|trojan|ss)://\S+|/sub/[A-Za-z0-9_.=-]{8,}")


class Blotter:
    """A last pass over every line: what is known to be secret, or looks so, never reaches the log."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, BLOT)
        return PATTERNS.sub(BLOT, text)

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict | str) -> str:
        """As the last processor: the rendered line."""
        return self.clean(line if isinstance(line, str) else str(line))


def configure_logging(*, enabled: bool, level: str, aiogram: bool, secrets: Iterable[str]) -> None:
    """Send events of ours, and warnings of libraries, to standard output, one a line."""
    blotter = Blotter(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: Processor = structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "event"], bool_as_flag=False
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render, blotter],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING if enabled else logging.CRITICAL)
    logging.getLogger("app").setLevel(level if enabled else logging.CRITICAL)
    logging.getLogger("aiogram").setLevel(level if enabled and aiogram else logging.ERROR)


def place_of(error: BaseException) -> tuple[str, str, int]:
    """Kind, function and line, no more: the text of a driver's error may hold a row, and with it a link."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return type(error).__name__, frame.name, frame.lineno or 0
