"""The line, as one process deals with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import cast

import pytest

from captionfleet_ledger import Group, Ledger, LedgerUnavailableError, Rates
from captionfleet_schemas import JobState, Lane
from captionfleet_workers.errors import BrokerUnavailableError, HandedBackError, InLineError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.caller import CALLER, Caller
from captionfleet_workers.job.line import Line
from captionfleet_workers.publisher import Publisher
from tests.polling import until
from tests.unit.workers.making import make_attempt, make_claim

LIMITED = Rates(requests_per_second=1, tokens_per_second=0)
UNLIMITED = Rates(requests_per_second=0, tokens_per_second=0)
BULK = Group(lane=Lane.BULK, tenant="archive")


@dataclass
class Edge:
    """The ledger and the broker: they say what they were told to, and note what they were asked."""

    admits: list[bool | Exception] = field(default_factory=list[bool | Exception])
    called: Mapping[str, Group] = field(default_factory=dict[str, Group])
    states_of: Mapping[str, JobState | None] = field(default_factory=dict[str, JobState | None])
    broker_is_away: bool = False
    others_in_line: bool = False
    is_outage: bool = False
    back: list[str] = field(default_factory=list[str])
    admitted: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    marked: list[str] = field(default_factory=list[str])

    def admit(self, _name: str, _rates: Rates, _group: Group, job_id: str, **_fleet: object) -> bool:
        """Let a job ahead, or not."""
        self.admitted.append(job_id)
        answer = self.admits.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def leave(self, _name: str, _group: Group, job_id: str) -> bool:
        """Note that a job has left."""
        self.left.append(job_id)
        return self.others_in_line

    def step_back(self, _name: str, _accounts: Sequence[str], _group: Group, job_id: str, **_since: object) -> bool:
        """Let a job stand in line again, while nobody answers."""
        self.back.append(job_id)
        return self.is_outage

    def call_up(self, _name: str, _rates: Rates, **_accounts: object) -> Mapping[str, Group]:
        """Name who is next."""
        return self.called

    def states(self, job_ids: Mapping[str, Group]) -> list[JobState | None]:
        """Their states."""
        return [self.states_of[job_id] for job_id in job_ids]

    def mark_sent(self, job_ids: Mapping[str, Group]) -> None:
        """Note whose messages are sent."""
        self.marked.extend(job_ids)

    def wake_up(self, job_id: str, queue: str) -> None:
        """Send a message."""
        if self.broker_is_away:
            raise BrokerUnavailableError("away")
        self.sent.append((job_id, queue))


def make_line(edge: Edge, rates: Rates = LIMITED) -> Line:
    """A line at this edge."""
    ledger = cast("Ledger", SimpleNamespace(line=edge, jobs=edge))
    return Line(
        ledger,
        cast("Publisher", edge),
        lambda _model: rates,
        accounts=("",),
        is_held_up=lambda _model: edge.is_outage,
        holder="process",
        slots=8,
    )


def test_an_outage_is_waited_for_in_line_without_limits_too() -> None:
    """Who is not admitted stands in line, and who was goes back as long as nothing answers."""
    edge = Edge(admits=[False, True], is_outage=True)
    line, attempt = make_line(edge, UNLIMITED), make_attempt()

    with pytest.raises(InLineError):
        line.enter(attempt)
    line.enter(attempt)
    with pytest.raises(InLineError):
        line.step_back(attempt)
    line.leave(attempt)

    assert (edge.back, edge.left) == (["job-1"], [])


def test_who_is_ahead_stays_when_something_answers_again() -> None:
    """The ledger knows before the process does."""
    edge = Edge(admits=[True])
    line, attempt = make_line(edge), make_attempt()
    line.enter(attempt)

    line.step_back(attempt)

    assert attempt.ahead


def test_who_is_admitted_goes_ahead() -> None:
    """And makes room when it leaves, once."""
    edge = Edge(admits=[True])
    line, attempt = make_line(edge), make_attempt()

    line.enter(attempt)
    ahead = attempt.ahead
    line.leave(attempt)
    line.leave(attempt)

    assert ahead
    assert (edge.admitted, edge.left) == (["job-1"], ["job-1"])


def test_who_is_not_admitted_stands_in_line() -> None:
    """It took no room, and has none to leave."""
    edge = Edge(admits=[False])
    line, attempt = make_line(edge), make_attempt()

    with pytest.raises(InLineError):
        line.enter(attempt)
    line.leave(attempt)

    assert edge.left == []


@pytest.mark.parametrize(
    ("attempt", "rates"),
    [
        (make_attempt(), UNLIMITED),
        (make_attempt(make_claim(quote=True)), LIMITED),
        (make_attempt(replace(make_claim(), probes="model:x")), LIMITED),
        (make_attempt(replace(make_claim(), parts=("job-1.0",))), LIMITED),
    ],
    ids=["no limits", "a quote", "a probe", "parts"],
)
def test_who_passes_the_line_by(attempt: Attempt, rates: Rates) -> None:
    """The ledger is not asked at all."""
    edge = Edge()

    make_line(edge, rates).enter(attempt)

    assert edge.admitted == []


def test_a_worker_that_stops_waits_for_no_ledger() -> None:
    """Nobody asks a ledger that is away for ever."""
    edge = Edge(admits=[LedgerUnavailableError("away")])
    attempt = make_attempt()
    attempt.shutdown.stopping.set()

    with pytest.raises(HandedBackError):
        make_line(edge).enter(attempt)

    assert edge.admitted == ["job-1"]


def test_those_who_come_next_are_sent_for() -> None:
    """By their lane's queue, also who is just being given back; who is over, or waits for something else, leaves."""
    states = {
        "queued": JobState.QUEUED,
        "running": JobState.RUNNING,
        "waiting": JobState.WAITING,
        "over": JobState.CANCELLED,
        "unknown": None,
    }
    edge = Edge(called=dict.fromkeys(states, BULK), states_of=states)

    make_line(edge).call_up("model-1")

    assert edge.sent == [("queued", "captions.bulk"), ("running", "captions.bulk")]
    assert edge.marked == ["queued", "running"]
    assert edge.left == ["waiting", "over", "unknown"]


def test_a_broker_that_is_away_is_told_later() -> None:
    """Nobody is marked as sent for, so they are called again."""
    edge = Edge(called={"job-1": BULK}, states_of={"job-1": JobState.QUEUED}, broker_is_away=True)

    make_line(edge).call_up("model-1")

    assert edge.marked == []


def test_the_caller_looks_after_each_model_once() -> None:
    """However often it was named; a ledger that is away for one holds up no other."""
    called: list[str] = []

    def call_up(model: str) -> None:
        called.append(model)
        if model == "model-1":
            raise LedgerUnavailableError("away")

    caller = Caller(call_up)
    for model in ("model-1", "model-2", "model-1"):
        caller.soon(model)

    caller.turn()
    caller.turn()

    assert called == ["model-1", "model-2"]


def test_an_error_of_its_own_does_not_end_the_caller() -> None:
    """The thread comes round again, and says so."""
    called: list[str] = []
    beats: list[str] = []

    def call_up(model: str) -> None:
        called.append(model)
        if len(called) == 1:
            raise ValueError(model)

    caller = Caller(call_up, beat=beats.append)
    caller.soon("model-1")
    caller.start()
    until(lambda: called == ["model-1"], "the error has happened")
    caller.soon("model-2")

    until(lambda: called == ["model-1", "model-2"], "the next one is looked after")

    caller.stop()
    assert set(beats) == {CALLER}
