"""Deliveries that are due: they stand in line for each endpoint, and are offered in fair shares."""

from collections import Counter
from collections.abc import Sequence

import redis

from captionfleet_ledger import DeliveryState, DueDelivery, Ledger, endpoint_in, endpoint_of
from tests.functional.ledger.making import Clock, attempt_at, make_job, make_result, take

HANGING, HEALTHY = "https://hanging.example/hook", "https://healthy.example/hook"
TENANT = make_job().tenant
DAY = 86_400.0


def settle_many(ledger: Ledger, url: str, count: int, name: str = "job") -> list[str]:
    """Deliveries to one address; their jobs have just ended."""
    ids = list[str]()
    ledger.jobs.accept_many(make_job(f"{name}-{number}") for number in range(count))
    for number in range(count):
        claim = take(ledger, f"{name}-{number}")
        settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=url)
        assert settlement is not None
        assert settlement.delivery_id is not None
        ledger.outbox.mark_published(settlement.events)
        ids.append(settlement.delivery_id)
    return ids


def ids_of(taken: Sequence[DueDelivery]) -> set[str]:
    """Their ids."""
    return {one.delivery_id for one in taken}


def test_an_id_names_its_endpoint(ledger: Ledger) -> None:
    """The receivers of one tenant at one origin: neither the path nor the way of writing it is another one."""
    (delivery_id,) = settle_many(ledger, "https://Example.com:443/hook/17?job=3", 1)

    assert endpoint_in(delivery_id) == endpoint_of(TENANT, "https://example.com/other")
    others = [
        endpoint_of("other", "https://example.com/"),
        *(endpoint_of(TENANT, url) for url in ("http://example.com/", "https://example.com:8443/", "https://[::1/")),
    ]
    assert len({endpoint_in(delivery_id), *others}) == 5


def test_what_is_due_is_offered_once_for_a_while(ledger: Ledger, clock: Clock) -> None:
    """Who takes it has some time to claim it; then another gets it."""
    ids = settle_many(ledger, HANGING, 40)
    early = ledger.deliveries.take(100, of_each=100)
    clock.advance(10)
    ledger.sweep()

    first, second = (ledger.deliveries.take(1000, of_each=1000) for _ in range(2))
    clock.advance(30)
    again = ledger.deliveries.take(1000, of_each=1000)

    assert (early, second) == ((), ())
    assert ids_of(first) == ids_of(again) == set(ids)
    assert {one.endpoint for one in first} == {endpoint_of(TENANT, HANGING)}


def test_no_endpoint_crowds_out_another(ledger: Ledger, clock: Clock) -> None:
    """1,500 deliveries to one endpoint and 20 to another: as many of each are offered as of the other, if there are."""
    settle_many(ledger, HANGING, 1500, "hanging")
    healthy = settle_many(ledger, HEALTHY, 20, "healthy")
    clock.advance(10)
    ledger.sweep()

    taken = ledger.deliveries.take(512, of_each=128)

    shares = Counter(one.endpoint for one in taken)
    assert set(healthy) <= ids_of(taken)
    assert 100 <= shares[endpoint_of(TENANT, HANGING)] <= 128


def test_some_are_not_wanted(ledger: Ledger, clock: Clock) -> None:
    """Of an endpoint that crowds a process already; another process gets them."""
    settle_many(ledger, HANGING, 20, "hanging")
    healthy = settle_many(ledger, HEALTHY, 20, "healthy")
    clock.advance(10)
    ledger.sweep()

    taken = ledger.deliveries.take(512, of_each=128, unwanted=[endpoint_of(TENANT, HANGING)])
    others = ledger.deliveries.take(512, of_each=128)

    assert ids_of(taken) == set(healthy)
    assert {one.endpoint for one in others} == {endpoint_of(TENANT, HANGING)}


def test_a_claim_takes_it_out_of_line(ledger: Ledger, clock: Clock) -> None:
    """By whoever makes it, taken or not; what is recorded as pending is due again by its schedule."""
    (delivery_id,) = settle_many(ledger, HEALTHY, 1)
    clock.advance(10)
    ledger.sweep()
    claim = ledger.deliveries.claim(delivery_id)
    assert claim is not None
    during = ledger.deliveries.take(10, of_each=10)
    ledger.deliveries.record(claim, attempt_at(clock, 503), next_in=300, state=DeliveryState.PENDING)

    clock.advance(299)
    early = (ledger.sweep().deliver, ledger.deliveries.take(10, of_each=10))
    clock.advance(1)
    late = (ledger.sweep().deliver, ids_of(ledger.deliveries.take(10, of_each=10)))

    assert during == ()
    assert early == ((), ())
    assert late == ((delivery_id,), {delivery_id})


def test_an_endpoint_is_left_alone(ledger: Ledger, clock: Clock) -> None:
    """Its deliveries wait where they are, however many there are, and all are offered when its time has come."""
    ids = settle_many(ledger, HANGING, 50)
    clock.advance(10)
    ledger.sweep()
    endpoint = endpoint_of(TENANT, HANGING)
    taken = ledger.deliveries.take(20, of_each=20)

    ledger.deliveries.leave_alone(endpoint, clock.now + 60, [one.delivery_id for one in taken])

    during = (ledger.deliveries.take(100, of_each=100), ledger.deliveries.count_due())
    later = settle_many(ledger, HANGING, 5, "later")
    clock.advance(59)
    ledger.sweep()
    still = ledger.deliveries.take(100, of_each=100)
    clock.advance(1)
    then = ledger.deliveries.take(1000, of_each=1000)
    assert during[0] == still == ()
    assert (during[1].ready, during[1].postponed) == (0, 50)
    assert ids_of(then) == {*ids, *later}


def test_an_endpoint_that_works_again_is_served_at_once(ledger: Ledger, clock: Clock) -> None:
    """Before its time has come."""
    ids = settle_many(ledger, HANGING, 50)
    clock.advance(10)
    ledger.sweep()
    ledger.deliveries.leave_alone(endpoint_of(TENANT, HANGING), clock.now + 300)

    ledger.deliveries.leave_alone(endpoint_of(TENANT, HANGING), None)

    assert ids_of(ledger.deliveries.take(1000, of_each=1000)) == set(ids)


def test_a_delivery_is_given_back_unattempted(ledger: Ledger) -> None:
    """The attempt is not counted, and it is due at once."""
    (delivery_id,) = settle_many(ledger, HANGING, 1)
    first = ledger.deliveries.claim(delivery_id)
    assert first is not None

    given_back = [ledger.deliveries.postpone(first) for _ in range(2)]

    offered = ledger.deliveries.take(10, of_each=10)
    second = ledger.deliveries.claim(delivery_id)
    assert given_back == [True, False]
    assert ids_of(offered) == {delivery_id}
    assert second is not None
    assert (first.attempt, second.attempt) == (1, 1)


def test_what_waits_for_too_long_is_offered_to_be_ended(ledger: Ledger, clock: Clock) -> None:
    """After the time that its whole schedule takes, if nobody has attempted it for as long as it was left alone."""
    (delivery_id,) = settle_many(ledger, HANGING, 1)
    clock.advance(10)
    ledger.sweep()
    ledger.deliveries.leave_alone(endpoint_of(TENANT, HANGING), clock.now + 10 * DAY)

    clock.advance(3.4 * DAY)
    ledger.sweep()
    before = ledger.deliveries.take(10, of_each=10)
    clock.advance(0.2 * DAY)
    ledger.sweep()
    after = ledger.deliveries.take(10, of_each=10)

    assert before == ()
    assert after == (DueDelivery("overdue", delivery_id),)
    assert ledger.deliveries.claim(delivery_id) is not None
    clock.advance(31)
    assert ledger.deliveries.take(10, of_each=10) == ()


def test_a_cancelled_job_is_told_of_at_once(ledger: Ledger) -> None:
    """No worker has settled it; the next sweep finds its delivery."""
    ledger.jobs.accept(make_job(webhook={"url": HEALTHY}))
    ledger.jobs.cancel("job-1")

    found = ledger.sweep().deliver

    assert [one.delivery_id for one in ledger.deliveries.of_job("job-1")] == list(found)
    assert ids_of(ledger.deliveries.take(10, of_each=10)) == set(found)


def test_many_deliveries_do_not_hold_up_jobs(ledger: Ledger, clock: Clock) -> None:
    """400 deliveries that fell due before a job's lease ran out: one sweep of ten finds the job."""
    settle_many(ledger, HANGING, 400)
    ledger.jobs.accept(make_job("unlucky"))
    take(ledger, "unlucky", lease_seconds=11)
    clock.advance(12)

    chores = ledger.sweep(limit=10)

    assert [job.job_id for job in chores.send] == ["unlucky"]


def test_a_delivery_of_an_older_release(ledger: Ledger, clock: Clock, raw: redis.Redis) -> None:
    """Its id names no endpoint, and nobody has noted since when it waits; it is offered all the same."""
    (delivery_id,) = settle_many(ledger, HEALTHY, 1)
    old = delivery_id.replace(f"_{endpoint_in(delivery_id)}", "")
    prefix = f"cf:{{{delivery_id[4:6]}}}:"
    raw.rename(f"{prefix}delivery:{delivery_id}", f"{prefix}delivery:{old}")
    raw.hdel(f"{prefix}delivery:{old}", "since")
    raw.zrem(f"{prefix}due", f"delivery:{delivery_id}")
    raw.zadd(f"{prefix}due", {f"delivery:{old}": clock.now})

    found = ledger.sweep().deliver
    (taken,) = ledger.deliveries.take(10, of_each=10)

    assert found == (old,)
    assert taken == DueDelivery("unnamed", old)
    claim = ledger.deliveries.claim(old)
    assert claim is not None
    assert claim.url == HEALTHY


def test_nobody_takes_what_is_due(ledger: Ledger, clock: Clock) -> None:
    """Whoever asks is told one that nobody has taken for half a minute."""
    ids = settle_many(ledger, HEALTHY, 3)
    clock.advance(10)
    ledger.sweep()
    soon = ledger.deliveries.count_due()
    clock.advance(31)
    late = ledger.deliveries.count_due()
    ledger.deliveries.take(10, of_each=10)
    taken = ledger.deliveries.count_due()

    assert (soon.ready, soon.untaken) == (3, None)
    assert late.untaken in ids
    assert (taken.ready, taken.untaken) == (3, None)


def test_processes_take_turns(ledger: Ledger) -> None:
    """Nobody needs to look where another has looked a moment ago."""
    assert [ledger.deliveries.take_turn(60) for _ in range(3)] == [True, False, False]
