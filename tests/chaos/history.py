"""What the workers say in their common log, by job."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from captionfleet_ledger import JobRecord
from captionfleet_producers import CaptionClient

Line = Mapping[str, Any]

BROKEN_CALL = frozenset({"connection_lost", "call_timeout", "unreadable_answer"})
"""Reasons for which a call fails after the model has taken it. Whether it was answered, no worker can tell."""
CALLED, OVER = "model.calling", frozenset({"model.answered", "model.refused"})
LEFT = frozenset({"job.abandoned", "job.handed_back"})
SHOWN = 10
"""Jobs that are described, of many."""
LINES = 12


def read(log: Path) -> dict[str, list[Line]]:
    """All lines about jobs, in the order in which they were written."""
    history: dict[str, list[Line]] = defaultdict(list)
    for text in log.read_text(encoding="utf-8").splitlines():
        line = _parsed(text)
        if "job_id" in line:
            history[line["job_id"]].append(line)
    return history


def broken_calls(lines: Sequence[Line]) -> int:
    """Calls of a job that broke in the middle, those that the model itself dropped among them."""
    return sum(line["event"] == "model.refused" and line["reason"] in BROKEN_CALL for line in lines)


def abandonings(lines: Sequence[Line]) -> int:
    """Workers that stopped and left a call of this job behind."""
    left, under_way = 0, False
    for event in (line["event"] for line in lines):
        if event == CALLED or event in OVER:
            under_way = event == CALLED
        elif event in LEFT and under_way:
            left, under_way = left + 1, False
    return left


def described(client: CaptionClient, jobs: Sequence[str], log: Path) -> Sequence[str]:
    """For a person: the first of some jobs, as the ledger has them, and what workers last said about each."""
    lines, records = read(log), client.get_many(jobs[:SHOWN])
    return [_described(job, record, lines[job]) for job, record in zip(jobs, records, strict=False)]


def _described(job: str, record: JobRecord | None, lines: Sequence[Line]) -> str:
    if record is None:
        return f"{job}: the ledger does not know it"
    head = (
        f"{job}: {record.state}, attempts {record.attempts}, crashes {record.crashes}, "
        f"due {record.due_at}, waiting for {record.waiting_reason}"
    )
    return "\n  ".join([head, *(_told(line) for line in lines[-LINES:])])


def _told(line: Line) -> str:
    return " ".join(str(line[name]) for name in ("timestamp", "event", "attempt", "reason") if name in line)


def _parsed(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        # Celery's greeting is no JSON.
        return {}
    return line if isinstance(line, dict) else {}
