"""What a task returns of its job: nothing, or why it failed. Celery puts this into a task event as text, for Flower."""

from dataclasses import dataclass

from captionfleet_schemas import Failure, FailureCode
from captionfleet_schemas.display import shortened, visible, without_secrets

NOT_FAILED = repr(None)
"""What a task event says of a task that returns nothing."""

LONGEST = 300


@dataclass(frozen=True, slots=True, repr=False)
class FailedJob:
    """A job that has failed, as one line: its code and why, without secrets."""

    code: FailureCode
    message: str

    def __repr__(self) -> str:
        return shortened(visible(without_secrets(f"{self.code}: {self.message}")), LONGEST)


def outcome_of(failure: Failure | None) -> FailedJob | None:
    """What the task of a job returns that has ended so; None for one that has not failed."""
    return None if failure is None else FailedJob(failure.code, failure.message)
