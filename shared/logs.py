"""Logs: one chain for our own events and those of the libraries, without secrets or contact data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal, cast

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.types import EventDict, Processor, WrappedLogger

SECRET_KEYS = re.compile(
    r"passw|pwd|secret|token|authorization|cookie|credential|api_?key|private_?key|service_?key|signing_?key"
    r"|phone|mobile|e[-_]?mail",
    re.IGNORECASE,
)
# Neighbouring letters or digits mean an id or a digest, not a number that somebody can be called on.
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:\+|00)?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z-])0\d{2,3}-\d{7,8}(?![0-9A-Za-z])"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_CREDENTIALS = (
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)"), r"\1"),
    (re.compile(r"\b((?:Bearer|Basic)\s+)[\w.~+/=-]+", re.IGNORECASE), r"\1"),
    (re.compile(r"(cookie[\"']?\s*[=:]\s*)[^\r\n]+", re.IGNORECASE), r"\1"),
    (
        re.compile(
            r"((?:passw(?:or)?d|pwd|secret|token|authorization|api[_-]?key)[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'&;,}]+)",
            re.IGNORECASE,
        ),
        r"\1",
    ),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), ""),
)
HIDDEN = "[hidden]"


def configure(format: Literal["console", "json"], level: str = "INFO") -> None:
    """Sends every log line of this process to standard error: ours, uvicorn's, Celery's, all others'.

    Call it once at start; uvicorn wants `log_config=None` and Celery `worker_hijack_root_logger=False` to
    leave it alone. Raises ValueError for an unknown level.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_pre_chain(),
            processors=[ProcessorFormatter.remove_processors_meta, redact, _renderer(format)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "celery", "celery.task"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in ("httpx", "httpcore"):  # the addresses that they log may hold a key
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_pre_chain(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> BoundLogger:
    """The logger of a module; takes what `structlog.contextvars.bind_contextvars` has bound along."""
    return cast(BoundLogger, structlog.get_logger(name))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hides values under secret names, phone numbers, e-mail addresses and credentials, at any depth."""
    return {key: _without_secrets(key, value) for key, value in event.items()}


def _pre_chain() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # as text, before secrets are taken out of it
        structlog.processors.UnicodeDecoder(),
    ]


def _renderer(format: Literal["console", "json"]) -> Processor:
    if format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _without_secrets(key: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if SECRET_KEYS.search(key):
        return HIDDEN
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {_clean(str(name)): _without_secrets(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(key, inner) for inner in value]
    return _clean(value if isinstance(value, str) else repr(value))


def _clean(text: str) -> str:
    for pattern, kept in _CREDENTIALS:
        text = pattern.sub(kept + HIDDEN, text)
    return _PHONE.sub("[phone]", _EMAIL.sub("[e-mail]", text))
