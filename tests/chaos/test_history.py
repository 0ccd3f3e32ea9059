"""What the workers' log says of a job's calls."""

import pytest

from tests.chaos.history import abandonings


@pytest.mark.parametrize(
    ("events", "left"),
    [
        (["model.calling", "model.answered", "job.settled"], 0),
        (["model.calling", "job.handed_back", "model.calling", "model.answered"], 1),
        (["model.calling", "job.abandoned", "model.calling", "job.handed_back"], 2),
        (["model.calling", "model.refused", "job.handed_back"], 0),
        (["job.handed_back", "model.calling", "model.answered"], 0),
    ],
)
def test_calls_that_a_stop_leaves_behind(events: list[str], left: int) -> None:
    """A stop leaves a call behind when the job is given back between the call and its answer."""
    assert abandonings([{"event": event} for event in events]) == left
