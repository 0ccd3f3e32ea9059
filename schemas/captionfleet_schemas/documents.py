"""JSON Schemas and the AsyncAPI document, generated from the models: `python -m captionfleet_schemas.documents DIR`.

With `--check` nothing is written; the exit status says whether the files in DIR are current.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from captionfleet_schemas.asyncapi import asyncapi
from captionfleet_schemas.event import CaptionEvent, UsageRecorded
from captionfleet_schemas.job import CaptionJob
from captionfleet_schemas.pausing import FleetEvent
from captionfleet_schemas.result import CaptionResult
from captionfleet_schemas.usage import UsageEvent

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
