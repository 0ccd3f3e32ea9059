"""Pauses of the fleet, of a tenant, of a model: what they hold back, what wakes it, and how they are probed."""

import pytest

from captionfleet_ledger import Claim, Ledger, Refusal, WaitingReason
from captionfleet_schemas import FleetEvent, JobState, PausedBy
from captionfleet_schemas.pausing import FLEET_SCOPE, model_scope, tenant_scope
from tests.functional.ledger.making import Clock, make_job, state_of, take

OMNI = "qwen3-omni-flash"
DEFAULT = "qwen3-omni-30b-a3b-captioner"
MODEL = model_scope(DEFAULT)


def pause(ledger: Ledger, scope: str = FLEET_SCOPE, by: PausedBy = PausedBy.OPERATOR) -> bool:
    """Begin a pause; whether it is new."""
    return ledger.pauses.begin(scope, by=by, reason="a test", first_probe=60) is not None


def resume(ledger: Ledger, scope: str = FLEET_SCOPE, by: PausedBy = PausedBy.OPERATOR) -> bool:
    """End a pause; whether there was one to end."""
    return ledger.pauses.end(scope, by=by) is not None


def claimed(ledger: Ledger, job_id: str = "job-1") -> bool:
    """Try to claim a job for a worker whose own model is the captioner."""
    answer = ledger.jobs.claim(job_id, holder="w", lease_seconds=30, model=DEFAULT)
    assert isinstance(answer, Claim) or answer is Refusal.PAUSED
    return isinstance(answer, Claim)


@pytest.mark.parametrize(
    ("scope", "free"),
    [
        (FLEET_SCOPE, []),
        (tenant_scope("radio"), ["museum", "omni"]),
        (model_scope(DEFAULT), ["omni"]),
        (model_scope(OMNI), ["radio", "museum"]),
    ],
)
def test_a_pause_holds_back_what_belongs_to_it(ledger: Ledger, scope: str, free: list[str]) -> None:
    """Everything, a tenant's jobs, or a model's, those included that leave the model to the worker."""
    ledger.jobs.accept(make_job("radio", tenant="radio"))
    ledger.jobs.accept(make_job("museum", tenant="museum"))
    ledger.jobs.accept(make_job("omni", tenant="museum", prompt="Who speaks?"))
    pause(ledger, scope)

    given = [job_id for job_id in ("radio", "museum", "omni") if claimed(ledger, job_id)]

    assert given == free
    assert ledger.pauses.parked(scope) == 3 - len(free)


def test_a_parked_job_waits_and_uses_up_no_attempt(ledger: Ledger, clock: Clock) -> None:
    """No sweep sends its message while the pause lasts, and its deadline holds all the same."""
    ledger.jobs.accept(make_job(finish_by=clock.at(2000)))
    pause(ledger)
    claimed(ledger)
    clock.advance(1000)

    quiet = ledger.sweep(empty_queues={"captions"})
    record = ledger.jobs.get("job-1")
    clock.advance(1000)

    assert quiet.send == ()
    assert record is not None
    assert (record.state, record.attempts) == (JobState.WAITING, 0)
    assert record.waiting_reason is WaitingReason.MODEL_PAUSED
    assert ledger.sweep().expire == ("job-1",)


def test_the_end_of_a_pause_wakes_its_jobs(ledger: Ledger) -> None:
    """The next sweep sends their messages, and they are claimed as if nothing had been."""
    ids = [f"job-{number}" for number in range(40)]
    ledger.jobs.accept_many(make_job(one) for one in ids)
    pause(ledger)
    assert not any(claimed(ledger, one) for one in ids)

    resume(ledger)

    assert sorted(job.job_id for job in ledger.sweep().send) == sorted(ids)
    assert ledger.pauses.parked(FLEET_SCOPE) == 0
    assert take(ledger, "job-7").attempts == 1


def test_a_job_in_hand_is_parked_without_loss(ledger: Ledger) -> None:
    """Its attempt is given back; if the pause ended a moment before, it goes on at once."""
    ledger.jobs.accept_many([make_job("job-1"), make_job("job-2")])
    first, second = take(ledger, "job-1"), take(ledger, "job-2")
    pause(ledger)
    assert ledger.jobs.park(first.lease, scope=FLEET_SCOPE, progress="so far")
    resume(ledger)
    assert ledger.jobs.park(second.lease, scope=FLEET_SCOPE, progress="so far")

    woken = {job.job_id for job in ledger.sweep().send}

    assert woken == {"job-1", "job-2"}
    claim = take(ledger, "job-2")
    assert (claim.attempts, claim.progress) == (1, "so far")
    assert not ledger.jobs.park(second.lease, scope=FLEET_SCOPE, progress="")


def test_a_holder_that_comes_back_gets_its_parked_job_again(ledger: Ledger, clock: Clock) -> None:
    """A lease that ran out, and whose job was parked since, is revived by its holder; no crash is counted."""
    ledger.jobs.accept(make_job())
    lease = take(ledger).lease
    pause(ledger)
    clock.advance(31)
    assert not claimed(ledger)

    lost = ledger.jobs.renew([lease], 30)

    record = ledger.jobs.get("job-1")
    assert lost == frozenset()
    assert record is not None
    assert (record.state, record.crashes, record.due_at) == (JobState.RUNNING, 0, None)
    assert ledger.pauses.parked(FLEET_SCOPE) == 0


def test_a_pause_is_told_once(ledger: Ledger, clock: Clock) -> None:
    """Its events say what and why; what is not published is offered by the sweep."""
    begun = ledger.pauses.begin(FLEET_SCOPE, by=PausedBy.OPERATOR, reason="the account is moved")
    again = ledger.pauses.begin(FLEET_SCOPE, by=PausedBy.OPERATOR, reason="the account is moved")
    clock.advance(11)
    swept = ledger.sweep().publish
    ended = ledger.pauses.end(FLEET_SCOPE, by=PausedBy.OPERATOR)

    assert begun is not None
    assert ended is not None
    event = FleetEvent.decode(begun.body)
    assert (event.type, event.subject, event.data.reason) == ("fleet.paused", "fleet", "the account is moved")
    assert FleetEvent.decode(ended.body).type == ended.routing_key == "fleet.resumed"
    assert swept == (begun,)
    assert (again, resume(ledger)) == (None, False)
    ledger.outbox.mark_published([begun, ended])
    clock.advance(60)
    assert ledger.sweep().publish == ()


def test_only_an_operator_ends_an_operators_pause(ledger: Ledger) -> None:
    """His pause replaces an automatic one, and no probe ends it."""
    assert pause(ledger, MODEL, PausedBy.ACCOUNT_FAULT)
    assert pause(ledger, MODEL, PausedBy.OPERATOR)
    assert not pause(ledger, MODEL, PausedBy.ACCOUNT_FAULT)

    answers = (resume(ledger, MODEL, PausedBy.ACCOUNT_FAULT), resume(ledger, MODEL, PausedBy.OPERATOR))

    assert answers == (False, True)
    assert ledger.pauses.all() == ()


def test_probes_are_slow_and_one_at_a_time(ledger: Ledger, clock: Clock) -> None:
    """The first after a minute, the next after twice as long, none while one is under way; the oldest job probes."""
    ledger.jobs.accept_many([make_job("job-1"), make_job("job-2")])
    pause(ledger, MODEL, PausedBy.ACCOUNT_FAULT)
    assert not claimed(ledger, "job-2")
    clock.advance(1)
    assert not claimed(ledger, "job-1")

    early = ledger.pauses.probe(MODEL)
    clock.advance(60)
    first = ledger.pauses.probe(MODEL)
    claim = ledger.jobs.claim("job-2", holder="w", lease_seconds=1000, model=DEFAULT)
    clock.advance(200)
    while_under_way = ledger.pauses.probe(MODEL)

    assert (early, while_under_way) == (None, None)
    assert first is not None
    assert first.job_id == "job-2"
    assert isinstance(claim, Claim)
    assert claim.probes == MODEL
    ledger.jobs.park(claim.lease, scope=MODEL, progress="")
    second = ledger.pauses.probe(MODEL)
    assert second is not None
    assert second.job_id == "job-1"
    assert ledger.pauses.probe(MODEL) is None


def test_a_probe_is_let_through_its_own_pause_alone(ledger: Ledger, clock: Clock) -> None:
    """An operator who pauses meanwhile stops it too, and a probe that comes back waits like the others."""
    ledger.jobs.accept(make_job())
    pause(ledger, MODEL, PausedBy.ACCOUNT_FAULT)
    claimed(ledger)
    clock.advance(61)
    assert ledger.pauses.probe(MODEL) is not None
    pause(ledger, FLEET_SCOPE)

    assert not claimed(ledger)

    resume(ledger, FLEET_SCOPE)
    ledger.sweep()
    assert not claimed(ledger)
    assert state_of(ledger) is JobState.WAITING
