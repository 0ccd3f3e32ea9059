"""Each message as Celery gets it: a well-formed call of one of our tasks, whatever came in.

A message that nobody can read becomes a call too, of the task that buries it. That task runs in the pool like any other
and is acknowledged when it is done: burying waits for a broker or ledger that is away, is done again by another worker
if this one dies, and never holds up the event loop.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import structlog

from captionfleet_workers.broker.messages import raw_message
from captionfleet_workers.broker.reading import Unreadable, Wanted, read

log = structlog.get_logger()

BURY_TASK = "captionfleet.bury"
RAW = "captionfleet_message"
"""Under this name a task's request has the message as it came."""
NOT_BEFORE = "captionfleet_not_before"
"""Under this one the moment before which it is not to be worked on, in seconds since 1970."""

_LONGEST_ID = 200


def prepare(message: Any, queue: str | None, now: float) -> None:
    """Make a message of kombu's one that Celery cannot stumble over.

    Args:
        message: anything that a broker has delivered; its headers, properties and decoded body are replaced.
        queue: where it was found.
        now: seconds since 1970.
    """
    raw = raw_message(message, queue)
    found = read(raw, now)
    if isinstance(found, Unreadable):
        task, name, kwargs, more = BURY_TASK, found.job_id or "", {"unreadable": found}, {}
    else:
        task, name, kwargs, more = found.task, found.name, dict(found.arguments), _extras(found)
        if found.ignored:
            log.warning("message.callbacks_ignored", job_id=name, asked_for=found.ignored)
    message.headers = {
        "lang": "py",
        "task": task,
        "id": _task_id(raw.headers, name),
        **more,
        RAW: raw,
    }
    message.properties = {"priority": raw.properties.get("priority"), "correlation_id": None, "reply_to": None}
    # Decoded once, here: kombu gives this to whoever asks for the payload.
    message._decoded_cache = ((), kwargs, {})  # noqa: SLF001  kombu has no other way to set it


def _extras(wanted: Wanted) -> dict[str, Any]:
    extras: dict[str, Any] = {"traceparent": wanted.traceparent, NOT_BEFORE: wanted.not_before}
    return {name: value for name, value in extras.items() if value is not None}


def _task_id(headers: Mapping[Any, Any], name: str) -> str:
    """Celery's own id of the call, by which Flower shows it: the sender's if it is one, or that of what it is about."""
    given = headers.get("id")
    if isinstance(given, str) and 0 < len(given) <= _LONGEST_ID and given.isascii() and given.isprintable():
        return given
    return name or str(uuid4())
