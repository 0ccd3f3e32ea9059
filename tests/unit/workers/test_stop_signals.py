"""What a signal means to a worker."""

import signal
from collections.abc import Sequence
from signal import Signals

import pytest

from captionfleet_workers.lifecycle.stop_signals import STOPS, is_urgent


@pytest.mark.parametrize(
    ("received", "urgent"),
    [
        ([Signals.SIGTERM], False),
        ([Signals.SIGTERM, Signals.SIGTERM], False),
        ([Signals.SIGINT], False),
        ([Signals.SIGINT, Signals.SIGINT], True),
        ([Signals.SIGTERM, Signals.SIGINT], False),
        ([Signals.SIGHUP], False),
        ([Signals.SIGQUIT], True),
        ([Signals.SIGUSR2], True),
        ([Signals.SIGTERM, Signals.SIGQUIT], True),
    ],
)
def test_who_is_urgent_has_jobs_handed_back(received: Sequence[Signals], urgent: bool) -> None:
    """A supervisor that repeats itself is not: its grace time is its own."""
    assert is_urgent(received) is urgent


def test_statuses_are_those_of_a_shell() -> None:
    """All but that of SIGTERM, which is how a worker ends in order."""
    assert {number.name: stop.status for number, stop in STOPS.items()} == {
        "SIGTERM": 0,
        "SIGINT": 130,
        "SIGHUP": 129,
        "SIGQUIT": 131,
        "SIGUSR2": 140,
    }
    assert signal.SIGKILL not in STOPS
