"""A message that no worker can read as a dead letter, without the credentials in it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from captionfleet_schemas.dead_letters import DeadLetter
from captionfleet_workers.broker.reading import RawMessage

_REPEATED = {"argsrepr", "kwargsrepr", "headers"}
"""Headers and properties that repeat what is left out of the body, such as Celery's summary of the arguments."""
_OF_ONE_DELIVERY = {"delivery_info", "delivery_tag", "body_encoding", "application_headers", "user_id"}
"""Properties that say how one copy of the message was delivered."""
_LABELS = {"content_type", "content_encoding"}
_CREDENTIALS = "headers"
_NAMED = re.compile(rb'"headers"\s*:\s*\{')


def letter_of(message: RawMessage, reason: str, job_id: str | None, at: datetime) -> DeadLetter:
    """The letter. A person will read it, so that what is called `headers` in a body of JSON is left out of it."""
    body, is_bare = _without_credentials(message.body)
    return DeadLetter(
        reason=reason,
        at=at,
        queue=message.queue,
        job_id=job_id,
        body=body,
        size=len(message.body),
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=_without(message.headers, _REPEATED),
        properties=_without(message.properties, _OF_ONE_DELIVERY | _LABELS | _REPEATED),
        without_credentials=is_bare,
    )


def _without(fields: Mapping[Any, Any], names: set[str]) -> dict[str, Any]:
    return {str(name): value for name, value in fields.items() if name not in names and value is not None}


def _without_credentials(body: bytes) -> tuple[bytes, bool]:
    if not _NAMED.search(body):
        return body, False
    try:
        return json.dumps(json.loads(body, object_hook=_bare)).encode(), True
    except (ValueError, RecursionError):
        return body, False


def _bare(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, _CREDENTIALS: None} if isinstance(found.get(_CREDENTIALS), dict) else found
