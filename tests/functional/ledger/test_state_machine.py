"""Whatever happens in whatever order: no job is lost, none ends twice, and the indexes agree with the jobs."""

from collections import Counter
from typing import Any

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from captionfleet_ledger import Claim, Lease, Ledger, LedgerOptions, QueuedJob, Settlement, WaitingReason
from captionfleet_schemas import FINAL_STATES, JobState
from captionfleet_schemas.parts import part_id, part_of
from tests.functional.ledger.making import Clock, make_job, make_result, raw_client
from tests.servers import Server

IDS = ("job-1", "job-2", "job-3")
PART_IDS = tuple(f"{one}{part}" for one in IDS for part in ("..1", "..2", "..1..1", "..1..2"))
LEASE = 30.0
OPTIONS = LedgerOptions(shards=2)
EXAMPLES = 40
THOROUGH = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

job_ids = st.sampled_from(IDS)
any_ids = st.sampled_from(IDS + PART_IDS)
seconds = st.sampled_from([0.5, 5.0, 15.0, 31.0, 70.0])


class Life(RuleBasedStateMachine):
    """A few jobs, some workers that remember every lease they ever had, and a clock."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.raw: redis.Redis = raw_client(server.url)
        self.raw.flushall()
        self.clock = Clock()
        self.ledger = Ledger.connect(server.url, options=OPTIONS, clock=self.clock)
        self.claims: list[Claim] = []
        self.accepted: set[str] = set()
        self.ended: Counter[str] = Counter()
        self.settled: set[Lease] = set()

    @rule(job_id=job_ids, deadline=st.sampled_from([None, 20.0, 100.0]))
    def accept(self, job_id: str, deadline: float | None) -> None:
        """Somebody submits a job, perhaps again."""
        finish_by = None if deadline is None else self.clock.at(deadline)
        answer = self.ledger.jobs.accept(make_job(job_id, finish_by=finish_by))
        assert answer.created is (job_id not in self.accepted)
        self.accepted.add(job_id)

    @rule(job_id=any_ids)
    def claim(self, job_id: str) -> None:
        """A worker gets a message, old or new."""
        before = self.ledger.jobs.get(job_id)
        answer = self.ledger.jobs.claim(job_id, holder="w", lease_seconds=LEASE)
        if isinstance(answer, Claim):
            assert before is not None
            assert before.state not in FINAL_STATES
            assert answer.attempts == before.attempts + 1
            self.claims.append(answer)

    @rule(job_id=any_ids)
    def take(self, job_id: str) -> None:
        """A worker gets a message, old or new, and whatever job it brings."""
        answer = self.ledger.jobs.take(job_id, holder="w", lease_seconds=LEASE)
        if isinstance(answer, Claim):
            self.claims.append(answer)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A worker ends a job, or believes that it may."""
        claim = data.draw(st.sampled_from(self.claims))
        settlement = self.ledger.jobs.settle(claim.lease, make_result(claim))
        # The same outcome again is told again.
        if claim.lease not in self.settled:
            self._count(claim.job.id, settlement)
        if settlement is not None:
            self.settled.add(claim.lease)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), delay=seconds)
    def defer(self, data: st.DataObject, delay: float) -> None:
        """A worker puts a job off."""
        claim = data.draw(st.sampled_from(self.claims))
        deferred = self.ledger.jobs.defer(claim.lease, reason=WaitingReason.RETRYING, delay=delay, progress="")
        assert not (deferred and self.ledger.jobs.renew([claim.lease], LEASE) != {claim.lease})

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """A worker hands a job back."""
        claim = data.draw(st.sampled_from(self.claims))
        released = self.ledger.jobs.release(claim.lease)
        assert not (released and self.ledger.jobs.renew([claim.lease], LEASE) != {claim.lease})

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), parts=st.sampled_from([0, 2]))
    def split(self, data: st.DataObject, parts: int) -> None:
        """A worker cuts a job up, or goes on waiting for its parts."""
        claim = data.draw(st.sampled_from(self.claims))
        cut = [part for number in (1, 2) if (part := part_id(claim.job.id, number)) in PART_IDS]
        queued = self.ledger.jobs.split(claim.lease, dict.fromkeys(cut[:parts], "{}"), progress="")
        assert queued is None or {job.job_id for job in queued} <= {claim.job.id, *cut}

    @rule()
    def renew(self) -> None:
        """All workers renew all leases that they ever had; at most one of each job is alive."""
        leases = [claim.lease for claim in self.claims]
        alive = Counter(lease.job_id for lease in set(leases) - self.ledger.jobs.renew(leases, LEASE))
        assert set(alive.values()) <= {1}

    @rule(job_id=job_ids)
    def cancel(self, job_id: str) -> None:
        """Somebody does not want the job any more."""
        self._count(job_id, self.ledger.jobs.cancel(job_id))

    @rule(job_id=job_ids)
    def retry(self, job_id: str) -> None:
        """Somebody returns a job to the queue: this round's end does not count any more."""
        if isinstance(self.ledger.jobs.retry(job_id), QueuedJob):
            self.ended[job_id] -= 1

    @rule(job_id=any_ids, sent=st.booleans())
    def mark(self, job_id: str, *, sent: bool) -> None:
        """A message went out, or did not."""
        (self.ledger.jobs.mark_sent if sent else self.ledger.jobs.mark_unsent)([job_id])

    @rule(by=seconds)
    def wait(self, by: float) -> None:
        """Time passes."""
        self.clock.advance(by)

    @rule(done=st.booleans())
    def sweep(self, *, done: bool) -> None:
        """A process sweeps, and may die before it does what it found."""
        chores = self.ledger.sweep()
        if done:
            self.ledger.jobs.mark_sent(job.job_id for job in chores.send)
            self.ledger.outbox.mark_published(chores.publish)
            for job_id in chores.expire:
                self._count(job_id, self.ledger.jobs.expire(job_id))

    @invariant()
    def indexes_agree(self) -> None:
        """Each job stands in the index of its state alone, and somebody will look at it again."""
        for prefix in ("cf:{00}:", "cf:{01}:"):
            jobs = self._states(prefix)
            wholes = {one for one in jobs if not part_of(one)}
            ended_parts = {one for one in jobs if part_of(one) and jobs[one] in FINAL_STATES}
            due = self._members(f"{prefix}due")
            queued = self._members(f"{prefix}queued:captions")
            assert self._members(f"{prefix}jobs") == wholes
            for state in JobState:
                assert self._members(f"{prefix}state:{state}") == {one for one in wholes if jobs[one] == state}
            assert queued == {one for one in jobs if jobs[one] == JobState.QUEUED}
            assert {f"job:{one}" for one in jobs if one not in queued | ended_parts} <= due
            assert not due & {f"job:{one}" for one in ended_parts}

    @invariant()
    def shares_agree(self) -> None:
        """Who may be given out is queued, who holds a slot is running, and a tenant has a turn while it has either."""
        for prefix in ("cf:{00}:", "cf:{01}:"):
            jobs = self._states(prefix)
            ready = self._members(f"{prefix}ready:captions:default")
            held = self._members(f"{prefix}held:captions:default")
            assert {jobs[one] for one in ready} <= {JobState.QUEUED}
            assert held == {one for one in jobs if jobs[one] == JobState.RUNNING} & held
            assert self._members(f"{prefix}turns:captions") == ({"default"} if ready else set())

    @invariant()
    def parts_agree(self) -> None:
        """The open parts of a job are those that have not ended, and an ended job has none."""
        for prefix in ("cf:{00}:", "cf:{01}:"):
            jobs = self._states(prefix)
            for one, state in jobs.items():
                parts = self.raw.lrange(f"{prefix}parts:{one}", 0, -1)
                unfinished = {str(part) for part in parts if jobs[str(part)] not in FINAL_STATES}
                assert self.raw.smembers(f"{prefix}open:{one}") == unfinished
                assert not (unfinished and state in FINAL_STATES)
                assert unfinished or self.raw.hget(f"{prefix}job:{one}", "reason") != "parts"

    @invariant()
    def no_job_ends_twice(self) -> None:
        """One settlement at most for each round of a job."""
        assert set(self.ended.values()) <= {0, 1}

    def teardown(self) -> None:
        """A fleet that works on brings every job to its end, on the messages of the sweep alone."""
        for _ in range(4):
            self.clock.advance(3600)
            chores = self.ledger.sweep(empty_queues={"captions"})
            for job_id in chores.expire:
                self._count(job_id, self.ledger.jobs.expire(job_id))
            for job in chores.send:
                self.claim(job.job_id)
                last = self.claims[-1]
                self._count(last.job.id, self.ledger.jobs.settle(last.lease, make_result(last)))
        self.ledger.close()
        self.raw.close()
        assert self.ended == Counter(self.accepted)

    def _count(self, job_id: str, answer: Any) -> None:
        if isinstance(answer, Settlement) and not part_of(job_id):
            self.ended[job_id] += 1

    def _states(self, prefix: str) -> dict[str, str]:
        keys = [str(key) for key in self.raw.scan_iter(f"{prefix}job:*")]
        return {key.rpartition(":")[2]: str(self.raw.hget(key, "state")) for key in keys}

    def _members(self, key: str) -> set[str]:
        return {str(member) for member in self.raw.zrange(key, 0, -1)}


def test_any_order_of_events(server: Server) -> None:
    """Random lives keep the rules."""
    lives: list[Life] = []

    class Here(Life):
        """Lives on this test's server."""

        def __init__(self) -> None:
            super().__init__(server)
            lives.append(self)

    run_state_machine_as_test(Here, settings=THOROUGH)

    assert sum(life.ended.total() for life in lives) > EXAMPLES // 2
