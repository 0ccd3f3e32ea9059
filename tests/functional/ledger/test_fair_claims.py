"""Fair claims: a message wakes a worker, and the tenant that holds fewest slots gives it its oldest job."""

from collections import Counter, deque
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
import redis

from captionfleet_ledger import Claim, Ledger, LedgerOptions, Refusal
from captionfleet_schemas import JobState, Lane, PausedBy
from captionfleet_schemas.pausing import tenant_scope
from tests.functional.ledger.making import Clock, make_job, make_result, raw_client, state_of
from tests.servers import Server

LEASE = 9000.0


@pytest.fixture
def one_shard(server: Server, raw: redis.Redis, clock: Clock) -> Iterable[Ledger]:
    """A ledger of one shard, in which every message may wake every job."""
    assert raw.dbsize() == 0
    with Ledger.connect(server.url, options=LedgerOptions(shards=1), clock=clock) as opened:
        yield opened


def accept(ledger: Ledger, clock: Clock, tenant: str, count: int, **fields: Any) -> list[str]:
    """Jobs of a tenant, one after the other."""
    ids = [f"{tenant}-{number}" for number in range(count)]
    for job_id in ids:
        clock.advance(0.01)
        ledger.jobs.accept(make_job(job_id, tenant=tenant, **fields))
    return ids


def wake(ledger: Ledger, job_id: str, lease_seconds: float = LEASE) -> Claim:
    """Take whatever a message brings, which is something."""
    claim = ledger.jobs.take(job_id, holder="worker-1", lease_seconds=lease_seconds)
    assert isinstance(claim, Claim), f"the message of {job_id} brought nothing: {claim}"
    return claim


def tenants_of(claims: Iterable[Claim]) -> list[str]:
    """Whose jobs were claimed, in order."""
    return [claim.job.tenant for claim in claims]


def test_a_tenant_that_comes_late_has_its_share_of_slots(one_shard: Ledger, clock: Clock) -> None:
    """Behind 200 jobs of another, ten jobs are claimed at the next ten messages, as their tenant holds fewer slots."""
    messages = accept(one_shard, clock, "many", 200)
    for job_id in messages[:40]:
        wake(one_shard, job_id)
    accept(one_shard, clock, "few", 10)

    claims = [wake(one_shard, job_id) for job_id in messages[40:60]]

    assert tenants_of(claims) == ["few"] * 10 + ["many"] * 10


def test_tenants_take_turns_where_jobs_are_quick(one_shard: Ledger, clock: Clock) -> None:
    """With one slot, 200 jobs that were first cost ten that came behind them ten turns and no more."""
    messages = accept(one_shard, clock, "many", 200) + accept(one_shard, clock, "few", 10)
    claims: list[Claim] = []
    for job_id in messages[:20]:
        claims.append(wake(one_shard, job_id))
        one_shard.jobs.settle(claims[-1].lease, make_result(claims[-1]))

    assert Counter(tenants_of(claims)) == {"many": 10, "few": 10}


def test_whoever_comes_again_and_again_does_not_come_first(one_shard: Ledger, clock: Clock) -> None:
    """A tenant that sends its next job when the last one has ended does not overtake one that waits."""
    backlog = deque(accept(one_shard, clock, "backlog", 50))
    served: list[str] = []
    for number in range(20):
        one_shard.jobs.accept(make_job(f"single-{number}", tenant="single"))
        for message in (f"single-{number}", backlog.popleft()):
            claim = wake(one_shard, message)
            served.append(claim.job.tenant)
            one_shard.jobs.settle(claim.lease, make_result(claim))

    assert Counter(served) == {"backlog": 20, "single": 20}


def test_within_a_tenant_the_oldest_comes_first(one_shard: Ledger, clock: Clock) -> None:
    """Whichever message arrives, the job that was accepted first is given out first."""
    messages = accept(one_shard, clock, "acme", 5)

    claims = [wake(one_shard, job_id) for job_id in reversed(messages)]

    assert [claim.lease.job_id for claim in claims] == messages
    assert [claim.job.id for claim in claims] == messages


def test_each_message_brings_a_job_and_none_is_left(one_shard: Ledger, clock: Clock) -> None:
    """As many messages as jobs: each brings one job, in whatever order, and no second message is ever sent."""
    ids = [*accept(one_shard, clock, "a", 30), *accept(one_shard, clock, "b", 20), *accept(one_shard, clock, "c", 5)]
    messages = Random(7).sample(ids, len(ids))

    brought = [wake(one_shard, job_id).lease.job_id for job_id in messages]

    assert sorted(brought) == sorted(ids)
    assert one_shard.sweep().send == ()
    assert one_shard.sweep(empty_queues={"captions"}).send == ()


def test_lanes_and_shards_are_apart(ledger: Ledger, clock: Clock) -> None:
    """A message brings a job of its own queue and shard alone, whoever else waits."""
    bulk = accept(ledger, clock, "bulk", 20, lane=Lane.BULK)
    ids = accept(ledger, clock, "quick", 40)

    claims = [wake(ledger, job_id) for job_id in ids]

    assert set(tenants_of(claims)) == {"quick"}
    assert all(state_of(ledger, job_id) is JobState.QUEUED for job_id in bulk)


def test_a_deep_backlog_of_two_tenants_is_not_sent_again(one_shard: Ledger, clock: Clock) -> None:
    """Who was overtaken by fairness has lost no message: its place is that of the one which it waits for."""
    messages = deque(accept(one_shard, clock, "many", 400))
    clock.advance(600)
    messages += accept(one_shard, clock, "few", 100)
    clock.advance(3600)

    second: list[str] = []
    for _ in range(300):
        wake(one_shard, messages.popleft())
        second += [job.job_id for job in one_shard.sweep().send]

    assert second == []


def test_a_lost_message_is_still_found(one_shard: Ledger, clock: Clock) -> None:
    """When a message is lost, one job is left over, and it is sent again as soon as a minute's younger ones came."""
    first = accept(one_shard, clock, "many", 10)
    clock.advance(61)
    later = accept(one_shard, clock, "few", 10)
    lost = first.pop(4)

    claims = [wake(one_shard, job_id) for job_id in [*first, *later]]
    found = [job.job_id for job in one_shard.sweep().send]

    assert len(claims) == 19
    assert len(found) == 1, f"{lost} was lost, and some job waits for it"
    assert wake(one_shard, found[0]).lease.job_id == found[0]


def test_a_message_that_comes_twice_ends_well(one_shard: Ledger, clock: Clock) -> None:
    """Every message twice: every job is given out once, and what is left over brings nothing."""
    ids = [*accept(one_shard, clock, "a", 6), *accept(one_shard, clock, "b", 3)]

    answers = [one_shard.jobs.take(job_id, holder="w", lease_seconds=LEASE) for job_id in ids * 2]

    brought = [answer.lease.job_id for answer in answers if isinstance(answer, Claim)]
    assert sorted(brought) == sorted(ids)
    assert all(answer is Refusal.HELD for answer in answers if isinstance(answer, Refusal))


def test_an_answer_that_was_lost_is_given_again(one_shard: Ledger, clock: Clock) -> None:
    """The same token brings the same job, also when it is not the one that the message names."""
    accept(one_shard, clock, "a", 3)

    claims = [one_shard.jobs.take("a-2", holder="w", lease_seconds=LEASE, token="t" * 32) for _ in range(2)]

    assert [claim.lease.job_id for claim in claims if isinstance(claim, Claim)] == ["a-0", "a-0"]
    assert [claim.attempts for claim in claims if isinstance(claim, Claim)] == [1, 1]


def test_what_stands_in_line_is_not_taken_by_others(one_shard: Ledger, clock: Clock) -> None:
    """A job that was handed back to its line has no message on its way; when it is called, its message is for it."""
    accept(one_shard, clock, "acme", 1)
    one_shard.jobs.line_up(wake(one_shard, "acme-0").lease, progress="")
    accept(one_shard, clock, "other", 3)

    others = [wake(one_shard, f"other-{number}").lease.job_id for number in (2, 1)]
    one_shard.jobs.mark_sent(["acme-0"])
    called = wake(one_shard, "acme-0").lease.job_id

    assert (others, called) == (["other-0", "other-1"], "acme-0")


def test_what_was_not_sent_yet_is_not_taken_by_others(one_shard: Ledger, clock: Clock) -> None:
    """A job whose message a sweep has still to send waits for that; the others do not inherit it."""
    accept(one_shard, clock, "acme", 3)
    one_shard.jobs.release(wake(one_shard, "acme-0").lease)

    taken = wake(one_shard, "acme-1").lease.job_id
    sent = [job.job_id for job in one_shard.sweep().send]

    assert (taken, sent) == ("acme-1", ["acme-0"])


def test_paused_and_overdue_jobs_are_passed_over(one_shard: Ledger, clock: Clock) -> None:
    """What may not be given out does not keep a message from bringing what may: it is parked, or left to expire."""
    accept(one_shard, clock, "late", 2, finish_by=clock.at(30))
    accept(one_shard, clock, "paused", 40)
    messages = accept(one_shard, clock, "open", 2)
    one_shard.pauses.begin(tenant_scope("paused"), by=PausedBy.OPERATOR, reason="test")
    clock.advance(60)

    claims = [one_shard.jobs.take(job_id, holder="w", lease_seconds=LEASE) for job_id in ("paused-0", *messages)]
    overdue = one_shard.jobs.take("late-0", holder="w", lease_seconds=LEASE)

    assert {claim.job.tenant for claim in claims if isinstance(claim, Claim)} == {"open"}
    assert overdue is Refusal.OVERDUE
    assert state_of(one_shard, "late-1") is JobState.QUEUED
    assert state_of(one_shard, "paused-1") is JobState.WAITING
    assert set(one_shard.sweep().expire) == {"late-0", "late-1"}


def test_jobs_of_an_older_release_are_claimed(one_shard: Ledger, clock: Clock, raw: redis.Redis) -> None:
    """A job that an older process queued stands in no tenant's index: its message brings it, and others' do not."""
    accept(one_shard, clock, "old", 2)
    for key in ("turns:captions", "turn:captions", "ready:captions:old"):
        raw.delete(f"cf:{{00}}:{key}")
    accept(one_shard, clock, "new", 1)

    claims = [wake(one_shard, job_id).lease.job_id for job_id in ("old-1", "new-0", "old-0")]

    assert claims == ["old-1", "new-0", "old-0"]


def test_what_an_older_release_leaves_behind_does_no_harm(one_shard: Ledger, clock: Clock, raw: redis.Redis) -> None:
    """An older process claims and settles without the indexes: what it leaves in them is passed over and removed."""
    ids = accept(one_shard, clock, "old", 100)
    accept(one_shard, clock, "new", 1)
    for job_id in ids[:99]:
        raw.hset(f"cf:{{00}}:job:{job_id}", "state", "succeeded")
        raw.zrem("cf:{00}:queued:captions", job_id)
    raw.zadd("cf:{00}:held:captions:old", dict.fromkeys(ids, clock.now - 1))

    answers = [one_shard.jobs.take(job_id, holder="w", lease_seconds=LEASE) for job_id in (*ids[:6], "old-99", "new-0")]

    assert {claim.lease.job_id for claim in answers if isinstance(claim, Claim)} == {"new-0", "old-99"}
    assert not raw.exists("cf:{00}:ready:captions:old", "cf:{00}:turns:captions")


def test_a_worker_that_died_holds_no_slots(one_shard: Ledger, clock: Clock) -> None:
    """Slots of a lease that ran out count no longer, so that its tenant is not put back for ever."""
    messages = accept(one_shard, clock, "unlucky", 10)
    for job_id in messages[:5]:
        wake(one_shard, job_id, lease_seconds=30)
    other = accept(one_shard, clock, "other", 10)
    before = wake(one_shard, messages[5])
    clock.advance(31)

    after = [wake(one_shard, job_id) for job_id in (messages[6], *other[:3])]

    assert before.job.tenant == "other"
    assert tenants_of(after)[:2] == ["unlucky", "unlucky"] or tenants_of(after).count("unlucky") >= 2


def test_a_message_that_was_outrun_finds_its_job(server: Server, raw: redis.Redis, clock: Clock) -> None:
    """A job that was given out before its own message came is not forgotten before that: it would be a dead letter."""
    assert raw.dbsize() == 0
    with Ledger.connect(server.url, options=LedgerOptions(shards=1, retention_days=0.01), clock=clock) as ledger:
        accept(ledger, clock, "acme", 2)
        claim = wake(ledger, "acme-1")
        ledger.jobs.settle(claim.lease, make_result(claim))
        clock.advance(3600)
        kept = ledger.sweep().forgotten
        brought = wake(ledger, "acme-0").lease.job_id
        clock.advance(3600)
        forgotten = ledger.sweep().forgotten

    assert (claim.lease.job_id, brought) == ("acme-0", "acme-1")
    assert (kept, forgotten) == (0, 1)


def test_indexes_are_empty_when_all_is_done(one_shard: Ledger, clock: Clock, server: Server) -> None:
    """Nothing of the shares stays behind when no job waits and none runs."""
    messages = [*accept(one_shard, clock, "a", 5), *accept(one_shard, clock, "b", 5)]
    for job_id in messages:
        claim = wake(one_shard, job_id)
        one_shard.jobs.settle(claim.lease, make_result(claim))

    with raw_client(server.url) as looking:
        left = [
            str(key) for key in looking.scan_iter("*") if any(word in str(key) for word in (":ready", ":held", ":turn"))
        ]
    assert left == []
