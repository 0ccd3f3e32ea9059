"""What flows over the broker and to webhooks, as one AsyncAPI document that refers to nothing outside itself.

Source: the AsyncAPI 3.1.0 specification. Tools fetch it from one address, where other files do not stand beside it.
"""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from captionfleet_schemas.base import or_null
from captionfleet_schemas.event import ROUTING_KEYS, USAGE_ROUTING_KEY, CaptionEvent, UsageRecorded
from captionfleet_schemas.job import JOB_ID, CaptionJob
from captionfleet_schemas.pausing import PAUSED_ROUTING_KEY, RESUMED_ROUTING_KEY, FleetEvent
from captionfleet_schemas.wire import (
    ALERTS_QUEUE,
    BULK_QUEUE,
    CAPTION_TASK,
    CAPTIONS_QUEUE,
    RESULTS_EXCHANGE,
    RESULTS_QUEUE,
    USAGE_QUEUE,
    EventQueue,
)

VERSION = "3.1.0"
"""Of the specification."""

JSON_TYPE = "application/json"
EVENT_TYPE = "application/cloudevents+json"
"""What a webhook may be labelled with as well; on the broker an event is `application/json`."""

_MODELS: tuple[tuple[type[BaseModel], Literal["validation", "serialization"]], ...] = (
    (CaptionJob, "validation"),
    (CaptionEvent, "serialization"),
    (UsageRecorded, "serialization"),
    (FleetEvent, "serialization"),
)

_EVENTS: tuple[tuple[EventQueue, type[BaseModel], tuple[str, ...]], ...] = (
    (RESULTS_QUEUE, CaptionEvent, tuple(ROUTING_KEYS.values())),
    (USAGE_QUEUE, UsageRecorded, (USAGE_ROUTING_KEY,)),
    (ALERTS_QUEUE, FleetEvent, (PAUSED_ROUTING_KEY, RESUMED_ROUTING_KEY)),
)
"""The queues of events, what each event is, and its routing keys."""


def asyncapi() -> dict[str, Any]:
    """The document."""
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "captionfleet",
            "version": "1",
            "description": "Caption jobs in, results and usage events out.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON_TYPE,
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channels() -> dict[str, Any]:
    jobs = {name: {"address": name, "messages": _by_name("CaptionTask")} for name in (CAPTIONS_QUEUE, BULK_QUEUE)}
    events = {
        queue.name: {
            "address": queue.name,
            "description": f"Bound to the topic exchange {RESULTS_EXCHANGE!r} with {queue.binding!r}.",
            "messages": _by_name(model.__name__),
        }
        for queue, model, _ in _EVENTS
    }
    webhook = {
        "address": None,
        "description": "POST to the job's webhook address, signed by the rules of Standard Webhooks. "
        f"The content type is {JSON_TYPE} or {EVENT_TYPE}, as the operator has set it.",
        "messages": _by_name(CaptionEvent.__name__),
    }
    return {**jobs, **events, "webhook": webhook}


def _operations() -> dict[str, Any]:
    return {
        **{f"receive.{queue}": _operation("receive", queue) for queue in (CAPTIONS_QUEUE, BULK_QUEUE)},
        "send.webhook": _operation("send", "webhook"),
        **{f"send.{queue.name}": _operation("send", queue.name, keys) for queue, _, keys in _EVENTS},
    }


def _operation(action: str, channel: str, routing_keys: Iterable[str] = ()) -> dict[str, Any]:
    said = ", ".join(routing_keys)
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        **({"description": f"Routing keys: {said}."} if said else {}),
    }


def _messages() -> dict[str, Any]:
    return {
        "CaptionTask": _message(CAPTION_TASK, "A Celery task; its keyword arguments.", _task_payload()),
        "CaptionEvent": _message("CaptionEvent", "A job ended.", _schema(CaptionEvent)),
        "UsageRecorded": _message("UsageRecorded", "A paid answer.", _schema(UsageRecorded)),
        "FleetEvent": _message("FleetEvent", "A pause began or ended.", _schema(FleetEvent)),
    }


def _message(name: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "summary": summary, "payload": payload}


def _task_payload() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["job_id"],
        "properties": {"job_id": {"type": "string", "pattern": JOB_ID}, "job": or_null(_schema(CaptionJob))},
    }


def _schemas() -> dict[str, Any]:
    _, generated = models_json_schema(_MODELS, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = generated["$defs"]
    # In a task the id stands beside the job, and need not be repeated.
    job = schemas[CaptionJob.__name__]
    return {**schemas, CaptionJob.__name__: {**job, "required": [name for name in job["required"] if name != "id"]}}


def _schema(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _by_name(message: str) -> dict[str, Any]:
    return {message: {"$ref": f"#/components/messages/{message}"}}
