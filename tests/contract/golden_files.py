"""The frozen messages of version 1."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from captionfleet_schemas import CaptionEvent, CaptionJob, CaptionResult, FleetEvent, Message, UsageEvent, UsageRecorded
from captionfleet_schemas.documents import SCHEMAS

FOLDER = Path(__file__).parent / "golden"
SCHEMA_FOLDER = Path(__file__).parents[2] / "schemas" / "json"

GOLDEN: dict[str, type[Message]] = {
    "caption-job.minimal": CaptionJob,
    "caption-job.full": CaptionJob,
    "caption-result.succeeded": CaptionResult,
    "caption-result.failed": CaptionResult,
    "caption-result.cancelled": CaptionResult,
    "caption-result.expired": CaptionResult,
    "usage-event": UsageEvent,
    "caption-event": CaptionEvent,
    "usage-recorded": UsageRecorded,
    "fleet-event": FleetEvent,
}


def golden(name: str) -> Any:
    """A frozen message, parsed."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def schema_of(model: type[BaseModel]) -> Any:
    """The published JSON Schema of a message."""
    name = next(name for name, known in SCHEMAS.items() if known is model)
    return json.loads((SCHEMA_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
