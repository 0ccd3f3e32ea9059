"""When a process counts as stuck."""

from typing import Any

import pytest

from captionfleet_workers.activity import Doing
from captionfleet_workers.stuck import Limits, Observation, Stuck, judge

NOW = 10_000.0
LIMITS = Limits(steps={"fetch": 600.0, "call": 310.0}, loops={"sweeper": 1.0, "lease-keeper": 10.0}, margin=120.0)
FRESH = {"sweeper": NOW, "lease-keeper": NOW}


def seen(**fields: Any) -> Observation:
    """A process in which all is well, but for what is said."""
    usual: dict[str, Any] = {"now": NOW, "steps": (), "beats": FRESH, "idle_since": None}
    return Observation(**{**usual, **fields})


def doing(step: str, seconds: float, job_id: str = "job-1") -> Doing:
    """A thread that has been in a step for so long."""
    return Doing(7, job_id, step, NOW - seconds)


@pytest.mark.parametrize(
    "observation",
    [
        seen(),
        seen(steps=(doing("call", 429.0), doing("fetch", 719.0))),
        seen(steps=(doing("a step without a deadline", 99_999.0),)),
        seen(beats={"sweeper": NOW - 121.0, "lease-keeper": NOW - 130.0}),
        seen(idle_since=NOW - 120.0),
    ],
)
def test_within_deadline_and_margin_nothing_is_stuck(observation: Observation) -> None:
    """A step, a loop and the consumer may all take their own time and the margin on top."""
    assert judge(observation, LIMITS) is None


@pytest.mark.parametrize(
    ("observation", "stuck"),
    [
        (seen(steps=(doing("call", 431.0),)), Stuck("call", 431.0, 7, "job-1")),
        (seen(beats=FRESH | {"sweeper": NOW - 122.0}), Stuck("sweeper", 122.0)),
        (seen(beats=FRESH | {"lease-keeper": NOW - 131.0}), Stuck("lease-keeper", 131.0)),
        (seen(idle_since=NOW - 121.0), Stuck("consumer", 121.0)),
    ],
)
def test_beyond_them_it_is_named(observation: Observation, stuck: Stuck) -> None:
    """What is stuck, for how long, and in which thread and job."""
    assert judge(observation, LIMITS) == stuck


def test_the_oldest_stuck_step_is_named() -> None:
    """The one that began first is the likelier cause of the others."""
    stuck = judge(seen(steps=(doing("call", 500.0, "later"), doing("fetch", 900.0, "first"))), LIMITS)

    assert stuck is not None
    assert stuck.job_id == "first"
