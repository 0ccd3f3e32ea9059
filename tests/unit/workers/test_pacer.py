"""The pacer asks for all jobs of a process, and tells each what it needs to know."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from captionfleet_ledger import Asking, Group, Ledger, LedgerUnavailableError, Permit, Rates
from captionfleet_schemas import Lane
from captionfleet_workers.job.pacer import LONGEST_SLEEP, MOST_FRONTS, PACER, Pacer, Ticket
from tests.polling import until

MODEL, OTHER = "model-1", "model-2"
RATES = Rates(requests_per_second=1, tokens_per_second=0)
NOW = 5000.0
NOT_YET = Permit(granted=False, wait=0.4, reason=None)


def permit_for(job_id: str, *, wait: float = 0.0, others_in_line: bool = False) -> Permit:
    """A permit as the ledger gives it."""
    return Permit(granted=True, wait=wait, job_id=job_id, others_in_line=others_in_line)


class Pace:
    """The ledger's edge: says what it was told to say, in order, and notes what it was asked."""

    def __init__(self, answers: Iterable[Permit | Exception]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, tuple[Asking, ...]]] = []

    def acquire(self, name: str, _accounts: Sequence[Rates], _holder: str, fronts: Sequence[Asking]) -> Permit:
        """Answer."""
        self.asked.append((name, tuple(fronts)))
        answer = self.answers.pop(0) if self.answers else NOT_YET
        if isinstance(answer, Exception):
            raise answer
        return answer


def asking(job_id: str, tenant: str = "default") -> Asking:
    """A bulk job that is ready for its call."""
    return Asking(job_id=job_id, group=Group(lane=Lane.BULK, tenant=tenant), audio_seconds=6, since=1.0)


def make_pacer(pace: Pace, called: list[str] | None = None, beats: list[str] | None = None) -> Pacer:
    """A pacer whose thread does not run, at NOW."""
    return Pacer(
        cast("Ledger", SimpleNamespace(pace=pace)),
        "process",
        lambda _model: [RATES],
        ([] if called is None else called).append,
        clock=lambda: NOW,
        beat=([] if beats is None else beats).append,
    )


def outlook_of(ticket: Ticket) -> Any:
    """What the job was told, if it was not granted anything."""
    assert not ticket.granted.is_set()
    return ticket.outlook


def test_nobody_is_asked_for_nobody() -> None:
    """A process without jobs costs the ledger nothing."""
    pace = Pace([])

    wait = make_pacer(pace).turn()

    assert (wait, pace.asked) == (LONGEST_SLEEP, [])


def test_each_group_is_asked_for_by_its_first() -> None:
    """One question for each model, whoever came first of each group; no more than the ledger is told at once."""
    pace = Pace([])
    pacer = make_pacer(pace)
    for number in range(3):
        pacer.ask(MODEL, asking(f"a-{number}", "a"))
        pacer.ask(MODEL, asking(f"b-{number}", "b"))
    for number in range(MOST_FRONTS + 1):
        pacer.ask(OTHER, asking(f"c-{number}", f"tenant-{number}"))

    pacer.turn()

    fronts = {model: [one.job_id for one in asked] for model, asked in pace.asked}
    assert fronts == {MODEL: ["a-0", "b-0"], OTHER: [f"c-{number}" for number in range(MOST_FRONTS)]}


def test_a_permit_is_for_the_job_that_it_names() -> None:
    """It learns when to call; the others wait, and it is not asked for again."""
    pace = Pace([permit_for("job-2", wait=0.2)])
    pacer = make_pacer(pace)
    first, second = (pacer.ask(MODEL, asking(job_id, job_id)) for job_id in ("job-1", "job-2"))

    wait = pacer.turn()
    pacer.turn()

    assert wait == 0
    assert second.granted.is_set()
    assert second.due == NOW + 0.2
    assert outlook_of(first) == NOT_YET
    assert [one.job_id for one in pace.asked[1][1]] == ["job-1"]


def test_who_waits_learns_for_how_long_and_why() -> None:
    """The wait is that of the model that has a call soonest."""
    cooling = Permit(granted=False, wait=30.0, reason="request_rate")
    pacer = make_pacer(Pace([cooling, NOT_YET]))
    slow, soon = pacer.ask(MODEL, asking("job-1")), pacer.ask(OTHER, asking("job-2"))

    wait = pacer.turn()

    assert wait == NOT_YET.wait
    assert outlook_of(slow) == cooling
    assert outlook_of(soon) == NOT_YET


def test_a_ledger_that_is_away_is_asked_again() -> None:
    """The jobs go on waiting, and a shard that is away holds up no model of another."""
    pace = Pace([LedgerUnavailableError("away"), permit_for("job-2"), permit_for("job-1")])
    pacer = make_pacer(pace)
    first, second = pacer.ask(MODEL, asking("job-1")), pacer.ask(OTHER, asking("job-2"))

    pacer.turn()
    early = (first.granted.is_set(), second.granted.is_set())
    pacer.turn()

    assert early == (False, True)
    assert first.granted.is_set()


def test_who_has_withdrawn_is_not_asked_for() -> None:
    """A permit that comes all the same is nobody's."""
    pace = Pace([permit_for("job-1"), NOT_YET])
    pacer = make_pacer(pace)
    gone, stays = pacer.ask(MODEL, asking("job-1")), pacer.ask(MODEL, asking("job-2"))
    pacer.withdraw(gone)

    pacer.turn()

    assert not gone.granted.is_set()
    assert not stays.granted.is_set()
    assert [one.job_id for one in pace.asked[0][1]] == ["job-2"]


def test_the_ticket_of_a_job_that_came_back_stays() -> None:
    """The attempt that lost the job withdraws its own."""
    pacer = make_pacer(Pace([permit_for("job-1")]))
    lost = pacer.ask(MODEL, asking("job-1"))
    again = pacer.ask(MODEL, asking("job-1"))
    pacer.withdraw(lost)

    pacer.turn()

    assert again.granted.is_set()


@pytest.mark.parametrize("others_in_line", [True, False])
def test_a_permit_makes_room_for_the_next(others_in_line: bool) -> None:
    """If anybody stands in line for it."""
    called: list[str] = []
    pacer = make_pacer(Pace([permit_for("job-1", others_in_line=others_in_line)]), called)
    pacer.ask(MODEL, asking("job-1"))

    pacer.turn()

    assert called == [MODEL] * others_in_line


def test_an_error_of_its_own_does_not_end_it() -> None:
    """The thread comes round again, says so each time, and grants what is next."""
    beats: list[str] = []
    pacer = make_pacer(Pace([ValueError("ours"), permit_for("job-1")]), beats=beats)
    ticket = pacer.ask(MODEL, asking("job-1"))
    pacer.start()

    granted = ticket.granted.wait(10)

    until(lambda: len(beats) >= 2, "the thread has come round")
    pacer.stop()
    assert granted
    assert set(beats) == {PACER}
