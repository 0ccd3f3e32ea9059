"""JSON Schemas and the AsyncAPI 3 document, generated from the models: `python -m captionfleet_schemas.documents DIR`.

With `--check` nothing is written; the exit status says whether the files in DIR are current.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from captionfleet_schemas.event import ROUTING_KEYS, USAGE_ROUTING_KEY, CaptionEvent, UsageRecorded
from captionfleet_schemas.job import CaptionJob
from captionfleet_schemas.pausing import PAUSED_ROUTING_KEY, RESUMED_ROUTING_KEY, FleetEvent
from captionfleet_schemas.result import CaptionResult
from captionfleet_schemas.usage import UsageEvent
from captionfleet_schemas.wire import BULK_QUEUE, CAPTION_TASK, CAPTIONS_QUEUE, EVENT_QUEUES, RESULTS_EXCHANGE

SCHEMAS: dict[str, type[BaseModel]] = {
    "caption-job.v1": CaptionJob,
    "caption-result.v1": CaptionResult,
    "usage-event.v1": UsageEvent,
    "caption-event.v1": CaptionEvent,
    "usage-recorded.v1": UsageRecorded,
    "fleet-event.v1": FleetEvent,
}


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every generated file: its name and its content."""
    for name, model in SCHEMAS.items():
        mode = "validation" if model is CaptionJob else "serialization"
        schema = model.model_json_schema(mode=mode)  # type: ignore[arg-type]  # one of the two literals
        yield f"{name}.json", {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    yield "asyncapi.json", asyncapi()


def asyncapi() -> dict[str, Any]:
    """What flows over the broker and to webhooks, as an AsyncAPI 3.0 document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "captionfleet",
            "version": "1",
            "description": "Caption jobs in, results and usage events out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {
                "CaptionTask": _message(CAPTION_TASK, "A Celery task; its keyword arguments.", _task_payload()),
                "CaptionEvent": _message("CaptionEvent", "A job ended.", _reference("caption-event.v1")),
                "UsageRecorded": _message("UsageRecorded", "A paid answer.", _reference("usage-recorded.v1")),
                "FleetEvent": _message("FleetEvent", "A pause began or ended.", _reference("fleet-event.v1")),
            }
        },
    }


def _channels() -> dict[str, Any]:
    queues = {
        name: {"address": name, "messages": {"CaptionTask": _component("CaptionTask")}}
        for name in (CAPTIONS_QUEUE, BULK_QUEUE)
    }
    events = {
        queue.name: {
            "address": queue.name,
            "description": f"Bound to the topic exchange {RESULTS_EXCHANGE!r} with {queue.binding!r}.",
            "messages": {message: _component(message)},
        }
        for queue, message in zip(EVENT_QUEUES, ("CaptionEvent", "UsageRecorded", "FleetEvent"), strict=True)
    }
    webhook = {
        "address": None,
        "description": "POST to the job's webhook address, signed by the rules of Standard Webhooks.",
        "messages": {"CaptionEvent": _component("CaptionEvent")},
    }
    return {**queues, **events, "webhook": webhook}


def _operations() -> dict[str, Any]:
    keys = ", ".join((*ROUTING_KEYS.values(), USAGE_ROUTING_KEY, PAUSED_ROUTING_KEY, RESUMED_ROUTING_KEY))
    actions = {CAPTIONS_QUEUE: "receive", BULK_QUEUE: "receive", "webhook": "send"} | {
        queue.name: "send" for queue in EVENT_QUEUES
    }
    return {
        f"{action}.{channel}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{_escaped(channel)}"},
            **({} if action == "receive" else {"description": f"Routing keys: {keys}."}),
        }
        for channel, action in actions.items()
    }


def _message(name: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "summary": summary, "payload": payload}


def _task_payload() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["job_id"],
        "properties": {"job_id": {"type": "string"}, "job": _reference("caption-job.v1")},
    }


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"./{schema}.json"}


def _component(message: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{message}"}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def main(arguments: Sequence[str]) -> int:
    """Write or check the files; returns the exit status."""
    folder = Path(next(argument for argument in arguments if not argument.startswith("-")))
    stale: list[str] = []
    for name, content in documents():
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        path = folder / name
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        sys.stderr.write(f"not current: {', '.join(stale)}; run `make docs`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
