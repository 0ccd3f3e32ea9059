"""Asking a ledger that is away again and again."""

import pytest
from structlog.testing import capture_logs

from captionfleet_ledger import JobConflictError, LedgerUnavailableError
from captionfleet_workers.errors import HandedBackError
from captionfleet_workers.patience import PAUSES, until_ledger_answers


class Ledger:
    """A call that fails some times before it succeeds."""

    def __init__(self, failures: int) -> None:
        self.calls = 0
        self._failures = failures

    def __call__(self) -> str:
        """Call once."""
        self.calls += 1
        if self.calls <= self._failures:
            raise LedgerUnavailableError("the ledger is away")
        return "settled"


def test_answer_is_given_at_once() -> None:
    """Nobody waits for a ledger that is there."""
    pauses: list[float] = []

    answer = until_ledger_answers(Ledger(0), pauses.append)

    assert (answer, pauses) == ("settled", [])


def test_pauses_grow_and_then_stay() -> None:
    """However long it takes, and each time with a word in the log."""
    pauses: list[float] = []
    ledger = Ledger(8)

    with capture_logs() as lines:
        answer = until_ledger_answers(ledger, pauses.append)

    assert (answer, ledger.calls) == ("settled", 9)
    assert pauses == [*PAUSES, 5.0, 5.0, 5.0]
    assert [line["again_in"] for line in lines] == pauses


def test_wait_may_give_up() -> None:
    """A worker that stops does not wait."""

    def stop(_: float) -> None:
        raise HandedBackError

    ledger = Ledger(3)

    with pytest.raises(HandedBackError):
        until_ledger_answers(ledger, stop)
    assert ledger.calls == 1


def test_other_refusals_are_final() -> None:
    """Only a ledger that is away is asked again."""
    pauses: list[float] = []

    def conflict() -> None:
        raise JobConflictError("job-1")

    with pytest.raises(JobConflictError):
        until_ledger_answers(conflict, pauses.append)
    assert pauses == []
