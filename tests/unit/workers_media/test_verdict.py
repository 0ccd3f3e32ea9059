"""What the end of a media child means for its job."""

import signal

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import MachineError, PermanentError
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.media.child import verdict
from captionfleet_workers.media.facts import ChildLimits

LIMITS = ChildLimits(wall_seconds=9.0, cpu_seconds=5)


@pytest.mark.parametrize(
    ("exit_code", "timed_out", "says"),
    [
        (-signal.SIGKILL, True, "longer than 9 s"),
        (-signal.SIGXCPU, False, "more than 5 s of CPU time"),
        (-signal.SIGSEGV, False, "SIGSEGV"),
        (-signal.SIGABRT, False, "SIGABRT"),
    ],
)
def test_file_that_breaks_its_child_fails(exit_code: int, timed_out: bool, says: str) -> None:
    """A file that crashes or exhausts the decoder would do so again."""
    error = verdict(exit_code, LIMITS, timed_out=timed_out)

    assert isinstance(error, PermanentError)
    assert error.code is FailureCode.AUDIO_DAMAGED
    assert says in error.message


@pytest.mark.parametrize("exit_code", [-signal.SIGKILL, -signal.SIGTERM, 255, 0])
def test_child_that_was_ended_is_no_fault_of_the_file(exit_code: int) -> None:
    """The system short of memory, or a stopping worker, ends a child too: the job goes back untouched."""
    error = verdict(exit_code, LIMITS, timed_out=False)

    assert isinstance(error, MachineError)
    assert (error.fault, error.otherwise) == (MachineFault.CHILD, FailureCode.AUDIO_DAMAGED)
