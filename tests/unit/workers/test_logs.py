"""Lines of a log, as a process writes them."""

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import logging
import structlog
from structlog.contextvars import bound_contextvars
from captionfleet_workers.logs import configure_logs

configure_logs("info")
log = structlog.get_logger("captionfleet_workers.test")
with bound_contextvars(job_id="job-1", attempt=2):
    log.info("job.settled", seconds={"fetch": 0.5}, title="\\u266b\\nline")
    logging.getLogger("celery.worker").warning("broker %s", "gone", extra={"queue": "captions"})
    log.debug("too.quiet")
    for library in ("httpx2", "openai", "kombu", "celery.app.trace"):
        logging.getLogger(library).info("called")
    try:
        {}["nothing"]
    except KeyError:
        log.exception("job.internal_error")
log.info("after")
log.info("told", reason="no answer from https://u:do-not-tell@h.example/?do-not-tell \x7f\x9b")
logging.getLogger("amqp").error("cannot reach %s", "amqp://u:do-not/tell@h.example")
logging.getLogger("kombu").error("refused")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """What a process has written to standard error, each line read as JSON; standard output stays empty."""
    finished = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert finished.stdout == ""
    return [json.loads(line) for line in finished.stderr.splitlines()]


def test_line_is_json_with_what_is_bound(lines: list[dict[str, Any]]) -> None:
    """One object a line, with the job's name, level, logger and time in UTC."""
    line = lines[0]

    assert (line["event"], line["level"], line["logger"]) == ("job.settled", "info", "captionfleet_workers.test")
    assert (line["job_id"], line["attempt"]) == ("job-1", 2)
    assert (line["seconds"], line["title"]) == ({"fetch": 0.5}, "\u266b\nline")
    assert line["timestamp"].endswith("Z")


def test_lines_of_libraries_have_the_same_form(lines: list[dict[str, Any]]) -> None:
    """Celery's words stand beside ours, with the job that they are about."""
    line = lines[1]

    assert (line["event"], line["level"], line["logger"]) == ("broker gone", "warning", "celery.worker")
    assert (line["job_id"], line["queue"]) == ("job-1", "captions")


def test_exception_stays_on_its_line(lines: list[dict[str, Any]]) -> None:
    """The traceback is a field, so that a line is still a line."""
    line = lines[2]

    assert (line["event"], line["level"]) == ("job.internal_error", "error")
    assert line["exception"].startswith("Traceback (most recent call last)")
    assert line["exception"].endswith("KeyError: 'nothing'")


def test_quiet_lines_are_left_out_and_context_ends(lines: list[dict[str, Any]]) -> None:
    """Below the level, and the libraries' lines per call; their warnings and errors are shown."""
    after, refused = lines[3], lines[-1]

    assert len(lines) == 7
    assert "job_id" not in after
    assert (refused["event"], refused["level"]) == ("refused", "error")


def test_no_line_tells_secrets_or_controls_a_terminal(lines: list[dict[str, Any]]) -> None:
    """Whoever wrote the text: servers, libraries, errors."""
    told = next(line for line in lines if line["event"] == "told")

    assert "do-not" not in repr(lines)
    assert told["reason"] == "no answer from https://…@h.example/?… \x7f\x9b"
    assert "cannot reach amqp://…@h.example" in [line["event"] for line in lines]
