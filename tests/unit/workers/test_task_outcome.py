"""What Flower is told of a job that has failed."""

import pytest
from celery.utils.saferepr import saferepr

from captionfleet_schemas import Failure, FailureCode
from captionfleet_workers.task_outcome import LONGEST, NOT_FAILED, outcome_of


@pytest.mark.parametrize("code", FailureCode)
def test_code_comes_first(code: FailureCode) -> None:
    """As text of Celery's making, which is what a task event has."""
    told = outcome_of(Failure.of(code, "What happened."))

    assert saferepr(told, maxlen=1024) == f"{code}: What happened."


@pytest.mark.parametrize(
    "message",
    [
        "https://me:hunter2@example.com/a.mp3?token=hunter2 answers 404.",
        "The origin refused Authorization: Bearer hunter2hunter2.",
        f"It said {'y' * 5000}",
        "It said {[('a', \"b\")]} \x1b[31m\nand more.",
    ],
)
def test_one_short_line_without_secrets(message: str) -> None:
    """Whatever an origin or a model has said."""
    said = saferepr(outcome_of(Failure.of(FailureCode.AUDIO_UNREACHABLE, message)), maxlen=1024)

    assert said.startswith("audio_unreachable: ")
    assert "hunter2" not in said
    assert said.isprintable()
    assert len(said) <= LONGEST


def test_what_has_not_failed_says_nothing() -> None:
    """A job that was captioned, waits or is somebody else's."""
    assert saferepr(outcome_of(None), maxlen=1024) == NOT_FAILED
