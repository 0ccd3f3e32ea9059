"""What a dead letter says, whoever has put it there: a worker of this or an earlier release, RabbitMQ, or anybody."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from captionfleet_schemas.dead_letters import DeadLetter
from captionfleet_schemas.wire import BULK_QUEUE, CAPTION_TASK, CAPTIONS_QUEUE

_ID_CHARS = 12
_COUNTERS = ("x-delivery-count", "x-acquired-count")
"""Headers that change each time somebody looks at a letter on RabbitMQ."""
_OF_RABBITMQ = ("x-death", "x-first-death-", "x-last-death-", *_COUNTERS)
_LIMIT_REASONS = {
    "delivery_limit": "RabbitMQ put it aside: it was delivered more often than its queue allows",
    "rejected": "RabbitMQ put it aside: a worker rejected it",
    "expired": "RabbitMQ put it aside: its time to live was over",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A message of the dead letters' queue, to the byte."""

    body: bytes = field(repr=False)
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    content_type: Any = None
    content_encoding: Any = None

    @property
    def id(self) -> str:
        """The same for the same letter, and short enough to be typed."""
        headers = {name: value for name, value in self.headers.items() if name not in _COUNTERS}
        said = json.dumps([headers, self.properties], sort_keys=True, default=str)
        return hashlib.sha256(said.encode() + b"\n" + self.body).hexdigest()[:_ID_CHARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLetter:
    """A dead letter. `message` is what was put aside; without a `queue` nobody knows where to send it again."""

    id: str
    reason: str
    at: datetime | None
    queue: str | None
    job_id: str | None
    message: Raw | None = field(repr=False)
    """None where it was too large to keep."""
    size: int
    without_credentials: bool = False
    """Whether `audio.headers` have been left out of it."""


def letter_in(raw: Raw) -> FoundLetter:
    """The letter that a message of the queue is."""
    letter = DeadLetter.decode(raw.body)
    if letter is not None:
        return _of_a_worker(raw, letter)
    deaths = raw.headers.get("x-death")
    if isinstance(deaths, list) and deaths and isinstance(deaths[0], Mapping):
        return _of_rabbitmq(raw, deaths[0])
    return _of_an_earlier_release(raw) or _of_anybody(raw)


def _of_a_worker(raw: Raw, letter: DeadLetter) -> FoundLetter:
    message = Raw(
        body=letter.body or b"",
        headers=letter.headers,
        properties=letter.properties,
        content_type=letter.content_type,
        content_encoding=letter.content_encoding,
    )
    return FoundLetter(
        id=raw.id,
        reason=letter.reason,
        at=letter.at,
        queue=letter.queue,
        job_id=letter.job_id,
        message=None if letter.body is None else message,
        size=letter.size,
        without_credentials=letter.without_credentials,
    )


def _of_rabbitmq(raw: Raw, death: Mapping[str, Any]) -> FoundLetter:
    why, queue, at = death.get("reason"), death.get("queue"), death.get("time")
    headers = {name: value for name, value in raw.headers.items() if not name.startswith(_OF_RABBITMQ)}
    return FoundLetter(
        id=raw.id,
        reason=_LIMIT_REASONS.get(str(why), f"RabbitMQ put it aside: {why}"),
        at=at.replace(tzinfo=UTC) if isinstance(at, datetime) else None,
        queue=queue if isinstance(queue, str) else None,
        job_id=_job_named_in(raw.body),
        message=Raw(
            body=raw.body,
            headers=headers,
            properties=raw.properties,
            content_type=raw.content_type,
            content_encoding=raw.content_encoding,
        ),
        size=len(raw.body),
    )


def _of_an_earlier_release(raw: Raw) -> FoundLetter | None:
    """A letter with the reason and the keyword arguments alone, or with an event that nobody could read."""
    found = _json(raw.body)
    if not isinstance(found, dict) or not {"reason", "message"} <= found.keys():
        return None
    arguments = found["message"]
    is_call = isinstance(arguments, dict)
    job = arguments.get("job") if is_call else None
    is_bulk = isinstance(job, dict) and job.get("lane") == "bulk"
    return FoundLetter(
        id=raw.id,
        reason=str(found["reason"]),
        at=None,
        queue=(BULK_QUEUE if is_bulk else CAPTIONS_QUEUE) if is_call else None,
        job_id=_text(arguments.get("job_id")) if is_call else None,
        message=_call(arguments) if is_call else None,
        size=len(raw.body),
    )


def _call(arguments: Mapping[str, Any]) -> Raw:
    return Raw(
        body=json.dumps([[], arguments, {}]).encode(),
        headers={"task": CAPTION_TASK, "lang": "py", "id": _text(arguments.get("job_id")) or "retried"},
        content_type="application/json",
        content_encoding="utf-8",
    )


def _of_anybody(raw: Raw) -> FoundLetter:
    place = raw.properties.get("delivery_info")
    queue = place.get("routing_key") if isinstance(place, Mapping) else None
    return FoundLetter(
        id=raw.id,
        reason="nobody has noted why",
        at=None,
        queue=_text(queue),
        job_id=_job_named_in(raw.body),
        message=raw,
        size=len(raw.body),
    )


def _job_named_in(body: bytes) -> str | None:
    match _json(body):
        case [_, {"job_id": str(job_id)}, *_]:
            return job_id
        case _:
            return None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
