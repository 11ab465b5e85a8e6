"""Logs: one JSON object a line on standard error, without personal data.

What is logged of a request is its template, never its path, query or body: those may hold plates and phones.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.format_exc_info,
)


class _Discreet(logging.Filter):
    """Keeps back what the server says of each WebSocket: its address holds the token.

    It also calls a handshake that was refused with a document of our own, as it allows, an error; it is none.
    """

    _KEPT_BACK = ("WebSocket %s", "returned without completing handshake")

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what is kept back."""
        return not any(part in str(record.msg) for part in self._KEPT_BACK)


def set_up_logs(level: str, stream: TextIO | None = None) -> None:
    """Send everything, the server's own messages too, through one JSON writer. Safe to repeat."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "websockets"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    server = logging.getLogger("uvicorn.error")
    server.filters = [_Discreet()]
    server.setLevel(max(logging.INFO, root.level))  # below that it tells raw frames and addresses
    # Raw paths and peers' addresses are in these; our own request line replaces them.
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("websockets", "aiosqlite", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
