"""What the workers say in their common log, by job."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]

BROKEN_CALL = frozenset({"connection_lost", "call_timeout", "unreadable_answer"})
"""Reasons for which a call fails after the model has taken it. Whether it was answered, no worker can tell."""
ABANDONED = "job.abandoned"


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
    return sum(line["event"] == ABANDONED for line in lines)


def _parsed(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        # Celery's greeting is no JSON.
        return {}
    return line if isinstance(line, dict) else {}
