"""The line: jobs leave the queue ahead of their calls only as far as the account has calls for them soon."""

from datetime import UTC, datetime, timedelta

from captionfleet_ledger import Asking, Claim, Group, Ledger
from captionfleet_schemas import JobState, Lane
from tests.functional.ledger.making import Clock, make_job, state_of, take
from tests.functional.ledger.pacing import BULK, DOCUMENTED, INTERACTIVE, MODEL

MANY_SLOTS = 1000
ACCEPTED = datetime(2026, 7, 1, 12, tzinfo=UTC)


def admit(ledger: Ledger, group: Group, job_id: str, slots: int = MANY_SLOTS, *, since: datetime = ACCEPTED) -> bool:
    """Ask for one job of a process."""
    return ledger.line.admit(MODEL, DOCUMENTED, group, job_id, since=since, holder="process", slots=slots)


def admit_many(ledger: Ledger, group: Group, jobs: int, slots: int = MANY_SLOTS) -> int:
    """How many of so many jobs are let ahead."""
    return sum(admit(ledger, group, f"{group.tenant}-{number}", slots) for number in range(jobs))


def permit(ledger: Ledger, clock: Clock, group: Group, job_id: str) -> bool:
    """Let a job have its call. Returns whether others stand in line."""
    clock.advance(2)
    fronts = [Asking(job_id=job_id, group=group, audio_seconds=6, since=clock())]
    granted = ledger.pace.acquire(MODEL, [DOCUMENTED], "process", fronts)
    assert granted.granted
    return granted.others_in_line


def test_a_thousand_slots_take_a_minutes_worth(ledger: Ledger) -> None:
    """The others stay in the queue."""
    assert admit_many(ledger, BULK, 1000) == 60


def test_who_comes_late_has_a_share(ledger: Ledger) -> None:
    """Other groups come ahead too, each with its share, and in all no more than two minutes' worth."""
    first = admit_many(ledger, BULK, 1000)
    others = [admit_many(ledger, Group(lane=Lane.BULK, tenant=f"tenant-{n}"), 100) for n in range(4)]

    assert others == [30, 20, 10, 0]
    assert first + sum(others) <= 120


def test_few_slots_are_not_all_taken(ledger: Ledger) -> None:
    """Half of the fleet's slots make jobs ready; the others find out who comes."""
    assert admit_many(ledger, BULK, 100, slots=32) == 16
    assert admit_many(ledger, INTERACTIVE, 100, slots=32) == 8


def test_the_same_job_again_is_the_same_job(ledger: Ledger) -> None:
    """A repeated message takes no second place."""
    assert [admit(ledger, BULK, "job-1", slots=4) for _ in range(5)] == [True] * 5
    assert admit(ledger, BULK, "job-2", slots=4)


def test_who_has_its_call_makes_room_for_the_next(ledger: Ledger, clock: Clock) -> None:
    """The permit says that others stand in line; whoever came first is called up, once."""
    admit_many(ledger, BULK, 62)
    before = ledger.line.call_up(MODEL, DOCUMENTED)

    others = permit(ledger, clock, BULK, "archive-0")

    assert before == {}
    assert others
    assert ledger.line.call_up(MODEL, DOCUMENTED) == {"archive-60": BULK}
    assert ledger.line.call_up(MODEL, DOCUMENTED) == {}
    assert admit(ledger, BULK, "archive-60")


def test_who_does_not_come_is_called_again(ledger: Ledger, clock: Clock) -> None:
    """Half a minute later; and not once it has left."""
    admit_many(ledger, BULK, 61)
    ledger.line.leave(MODEL, BULK, "archive-0")
    first = ledger.line.call_up(MODEL, DOCUMENTED)
    clock.advance(31)
    second = ledger.line.call_up(MODEL, DOCUMENTED)
    others = ledger.line.leave(MODEL, BULK, "archive-60")

    assert first == second == {"archive-60": BULK}
    assert not others


def test_newcomers_do_not_push_in(ledger: Ledger) -> None:
    """Where others of the group stand in line, there is no way past them."""
    admit_many(ledger, BULK, 61)
    ledger.line.leave(MODEL, BULK, "archive-0")

    assert not admit(ledger, BULK, "newcomer")


def test_who_comes_back_is_not_the_last(ledger: Ledger) -> None:
    """A place in line is that of the job's acceptance: a refusal, or a worker that stops, costs nobody hours."""
    admit_many(ledger, BULK, 80)
    ledger.line.leave(MODEL, BULK, "archive-0")
    came_back = admit(ledger, BULK, "oldest", since=ACCEPTED - timedelta(hours=1))

    called = ledger.line.call_up(MODEL, DOCUMENTED)

    assert not came_back
    assert called == {"oldest": BULK}


def test_the_group_with_least_ahead_is_called_first(ledger: Ledger) -> None:
    """Interactive jobs before bulk ones, then by share."""
    admit_many(ledger, BULK, 200)
    admit_many(ledger, INTERACTIVE, 200)
    for number in range(40):
        ledger.line.leave(MODEL, BULK, f"archive-{number}")

    called = ledger.line.call_up(MODEL, DOCUMENTED, limit=5)

    assert set(called.values()) == {INTERACTIVE}


def test_a_dead_worker_keeps_no_place(ledger: Ledger, clock: Clock) -> None:
    """After ten minutes its jobs no longer count as ahead."""
    admit_many(ledger, BULK, 100)
    clock.advance(601)

    called = ledger.line.call_up(MODEL, DOCUMENTED)

    # The process has not been seen either: there is room for one without any slots.
    assert list(called) == ["archive-60"]


def test_in_line_a_job_is_queued_as_if_it_had_not_been_started(ledger: Ledger, clock: Clock) -> None:
    """No attempt is counted, its start may still be too late, and it is not taken for lost."""
    ledger.jobs.accept(make_job(start_by=clock.at(120)))
    claim = take(ledger)

    given_back = ledger.jobs.line_up(claim.lease, progress="")

    record = ledger.jobs.get("job-1")
    clock.advance(90)
    assert given_back
    assert record is not None
    assert (record.state, record.attempts, record.started_at) == (JobState.QUEUED, 0, None)
    assert ledger.sweep().send == ()
    assert ledger.stale_queues() == frozenset()
    clock.advance(31)
    assert ledger.sweep().expire == ("job-1",)


def test_a_job_in_line_can_be_claimed_again(ledger: Ledger) -> None:
    """By the message that calls it; who held it before has lost it."""
    ledger.jobs.accept(make_job())
    first = take(ledger)
    ledger.jobs.line_up(first.lease, progress="half")

    second = take(ledger)

    assert isinstance(second, Claim)
    assert (second.progress, second.attempts) == ("half", 1)
    assert not ledger.jobs.line_up(first.lease, progress="")
    assert state_of(ledger) is JobState.RUNNING


def test_states_of_many(ledger: Ledger) -> None:
    """In the order of the question."""
    ledger.jobs.accept_many([make_job("a"), make_job("b")])
    take(ledger, "b")

    assert ledger.jobs.states(["b", "unknown", "a"]) == [JobState.RUNNING, None, JobState.QUEUED]
