"""Structured logs: one JSON object a line on standard error, for our own events and for Celery's.

What a job says about itself (id, attempt, request id) is bound once at its start and stands on every line until its
end. Audio, captions and secrets are never logged.
"""

import json
import logging
import re
import sys

import structlog
from celery.signals import setup_logging
from structlog.typing import EventDict, Processor

from captionfleet_schemas.display import visible_json, without_secrets


def without_secrets_in(event: EventDict) -> EventDict:
    """A line of the log without the secrets in the texts of others: messages of servers, of errors, of libraries."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = without_secrets(value)
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    lambda _logger, _method, event: without_secrets_in(event),
]

_QUIET = ("httpx2", "httpcore2", "openai", "amqp", "kombu", "celery.worker.strategy", "celery.app.trace")
"""Libraries whose lines say per call what our own lines say better."""


_WITH_BODIES = "celery.worker.consumer.consumer"
"""Celery's logger whose errors repeat the whole message that they are about, job and credentials included."""

_BODY = "body"
"""What these errors have in common; those about a connection say nothing of a message."""

_BEFORE_DETAILS = re.compile(r"[^\n\[]*")


def configure_logs(level: str) -> None:
    """Send structlog's and the standard library's lines through the same JSON renderer."""
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Decided once: a line below the level costs a call of an empty function.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(lambda value, **how: visible_json(json.dumps(value, **how))),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(_WITH_BODIES).addFilter(_without_details)
    # Celery configures logging itself unless somebody answers this signal.
    setup_logging.connect(_leave_logging_alone, weak=False)


def _without_details(record: logging.LogRecord) -> bool:
    if _BODY in str(record.msg) and isinstance(record.args, tuple):
        match = _BEFORE_DETAILS.match(str(record.msg))
        assert match is not None
        record.msg, record.args = match[0], record.args[: match[0].count("%")]
    return True


def _leave_logging_alone(**_: object) -> None:
    """Answering the signal is all that Celery looks for."""
