"""The breaker of a fleet's only account: what opens it, what each failure shows, and who waits where meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from captionfleet_ledger import Asking, Group, Ledger, Permit, Rates, Trouble
from tests.functional.ledger.making import Clock
from tests.functional.ledger.pacing import BULK, INTERACTIVE, MODEL, Simulation, most_within

ONLY = ("",)
LIMITED = Rates(requests_per_second=1, tokens_per_second=0, ramp_seconds=15, hears_answers=True)
FREE = replace(LIMITED, requests_per_second=0)
AWAY = "The model could not be reached."
MINUTE = 60


def fail(ledger: Ledger, job_id: str, began: float, *, answered: float | None = None) -> Trouble:
    """A job's call found the service out of order."""
    return ledger.breakers.count_failure(MODEL, ONLY, "", AWAY, job_id=job_id, began=began, answered=answered)


def faults(ledger: Ledger) -> list[str]:
    """Why calls are held up."""
    return [fault.reason for fault in ledger.breakers.faults(MODEL).values()]


def test_one_job_opens_nothing(ledger: Ledger, clock: Clock) -> None:
    """However often its calls fail: that may be its audio."""
    for _ in range(20):
        clock.advance(1)
        fail(ledger, "odd", clock())

    assert not faults(ledger)
    assert fail(ledger, "odd", clock()) == Trouble(closed=1, answered=None, others_fail=False, next_try=0)
    assert ledger.breakers.condition(MODEL).doubted


def test_three_jobs_open_it(ledger: Ledger, clock: Clock) -> None:
    """The first answer of a call that began since then closes it."""
    last = [fail(ledger, f"job-{number}", clock()) for number in range(3)][-1]
    assert (faults(ledger), last.closed, last.others_fail, last.next_try) == ([AWAY], 0, True, 2)
    assert ledger.breakers.condition(MODEL).fault == AWAY
    early = clock() - 1
    clock.advance(2)

    assert not ledger.breakers.answered(MODEL, "", job_id="early", began=early)
    assert faults(ledger)
    ledger.breakers.answered(MODEL, "", job_id="job-4", began=clock())

    condition = ledger.breakers.condition(MODEL)
    assert (condition.fault, condition.doubted) == ("", False)


def test_failures_of_long_ago_are_none_in_a_row(ledger: Ledger, clock: Clock) -> None:
    """Three odd calls in three hours say nothing, although nobody has told of the answers between them."""
    for number in range(3):
        clock.advance(3600)
        fail(ledger, f"job-{number}", clock())

    assert not faults(ledger)


def test_answers_that_only_the_caller_knows_count(ledger: Ledger, clock: Clock) -> None:
    """A busy process that has had answers since the other failures says so with its own."""
    for number in range(2):
        fail(ledger, f"job-{number}", clock())
    clock.advance(1)

    trouble = fail(ledger, "job-2", clock(), answered=clock() - 0.5)

    assert not faults(ledger)
    assert trouble.answered == pytest.approx(clock() - 0.5)
    assert not trouble.others_fail


def test_a_failure_is_told_of_answers_to_others(ledger: Ledger, clock: Clock) -> None:
    """The last one that began, of another job than the one that has failed."""
    began = [clock() + second for second in range(4)]
    clock.advance(10)
    for job_id, at in (("other", began[0]), ("late", began[2]), ("early", began[1]), ("odd", began[3])):
        ledger.breakers.answered(MODEL, "", job_id=job_id, began=at)

    assert fail(ledger, "odd", clock()).answered == began[2]
    assert fail(ledger, "another", clock()).answered == began[3]


def test_the_probe_is_put_off_though_it_never_ends(ledger: Ledger, clock: Clock) -> None:
    """Tries that hang are as rare as those that fail: at 2, 4, 8 … 60 seconds from one to the next."""
    for number in range(3):
        fail(ledger, f"job-{number}", clock())
    simulation = Simulation(ledger, clock, FREE, processes=2)
    simulation.submit(BULK, 50)
    began = clock()

    moments = [call.permit.moment - began for call in simulation.run(5 * MINUTE)]

    gaps = [later - earlier for earlier, later in zip([0.0, *moments], moments, strict=False)]
    assert [round(gap) for gap in gaps] == [2, 4, 8, 16, 32, 60, 60, 60]


@dataclass
class Silent:
    """A model that answers after so many seconds for each second of audio, and for a while takes calls in silence."""

    ledger: Ledger
    clock: Clock
    rates: Rates
    audio_seconds: float
    latency: float
    hangs: Callable[[float], bool] = lambda _moment: False
    moments: list[float] = field(default_factory=list)
    under_way: list[Permit] = field(default_factory=list)

    def __call__(self, permit: Permit) -> None:
        """Take a call."""
        self.moments.append(permit.moment)
        self.under_way.append(permit)

    def answer(self) -> None:
        """What is due by now is answered."""
        for permit in [one for one in self.under_way if one.moment + self.latency <= self.clock()]:
            if not self.hangs(permit.moment):
                self.under_way.remove(permit)
                self.ledger.pace.settle(MODEL, self.rates, permit, None, audio_seconds=self.audio_seconds)


def play(model: Silent, simulation: Simulation, seconds: int) -> None:
    """Let so much time pass, second by second."""
    for _ in range(seconds):
        simulation.run(1)
        model.answer()


@pytest.mark.parametrize("latency", [1.0, 4.0, 7.0])
@pytest.mark.parametrize("rpm", [60, 30])
def test_a_model_that_hangs_gets_few_calls(ledger: Ledger, clock: Clock, latency: float, rpm: int) -> None:
    """At most twenty in any minute of the outage, and the whole rate within half a minute after it."""
    rates = replace(LIMITED, requests_per_second=rpm / 60)
    start = clock()
    hang, mended = start + 2 * MINUTE, start + 3 * MINUTE
    model = Silent(ledger, clock, rates, 6, latency, lambda moment: hang - latency <= moment < mended)
    simulation = Simulation(ledger, clock, rates, processes=2, model=model)
    simulation.submit(BULK, 400)

    play(model, simulation, 5 * MINUTE + 60)

    assert most_within(MINUTE, [at for at in model.moments if hang <= at < mended]) <= 20
    assert sum(mended + 90 <= at < mended + 150 for at in model.moments) >= 0.9 * rpm
    assert not faults(ledger)


@pytest.mark.parametrize(("audio", "latency"), [(6, 10), (120, 20), (1200, 100), (2400, 220)])
def test_long_audio_at_a_cold_start_is_no_outage(ledger: Ledger, clock: Clock, audio: float, latency: float) -> None:
    """Nobody knows yet how long answers take: the calls go out at the whole rate until the first one comes."""
    model = Silent(ledger, clock, LIMITED, audio, latency)
    simulation = Simulation(ledger, clock, LIMITED, processes=2, model=model)
    simulation.submit(BULK, 400, audio_seconds=audio)

    play(model, simulation, 4 * MINUTE)

    assert len(model.moments) >= 0.9 * (4 * MINUTE - 10)


def test_any_answer_ends_a_stall(ledger: Ledger, clock: Clock) -> None:
    """Also one to a call that was made before the breaker opened."""
    model = Silent(ledger, clock, LIMITED, 6, 45)
    simulation = Simulation(ledger, clock, LIMITED, model=model)
    simulation.submit(BULK, 400)

    play(model, simulation, 40)
    stalled = faults(ledger)
    play(model, simulation, 10)

    assert stalled
    assert "has been answered" in stalled[0]
    assert not faults(ledger)


def admit(ledger: Ledger, group: Group, job_id: str, rates: Rates) -> bool:
    """A job that was taken from the queue asks to come ahead of its call."""
    since = datetime.fromtimestamp(1_800_000_000, UTC)
    return ledger.line.admit(MODEL, rates, group, job_id, since=since, holder="process", slots=16)


@pytest.mark.parametrize("rates", [LIMITED, FREE], ids=["limited", "free"])
def test_an_outage_is_waited_for_in_line(ledger: Ledger, clock: Clock, rates: Rates) -> None:
    """A few jobs stay ahead and try; the others stand in line, and are sent for when the account answers."""
    assert all(admit(ledger, BULK, f"early-{number}", rates) for number in range(6))
    for number in range(3):
        fail(ledger, f"failing-{number}", clock())
    since = datetime.fromtimestamp(clock(), UTC)

    back = [ledger.line.step_back(MODEL, ONLY, BULK, f"early-{number}", since=since) for number in range(6)]
    ahead = [admit(ledger, INTERACTIVE, f"late-{number}", rates) for number in range(20)]

    assert all(back)
    assert 1 <= sum(ahead) <= 4
    assert ledger.breakers.condition(MODEL).lined
    assert sum(len(ledger.line.call_up(MODEL, rates)) for _ in range(3)) <= 4

    clock.advance(2)
    asking = [Asking(job_id="late-0", group=INTERACTIVE, audio_seconds=6, since=clock())]
    permit = ledger.pace.acquire(MODEL, [rates], "process", asking)
    assert (permit.granted, permit.job_id) == (True, "late-0")
    assert ledger.pace.settle(MODEL, rates, permit, None, audio_seconds=6)

    called = ledger.line.call_up(MODEL, rates)
    assert len(called) >= (8 if rates is LIMITED else 20)
    assert not ledger.line.step_back(MODEL, ONLY, BULK, "early-0", since=since)
