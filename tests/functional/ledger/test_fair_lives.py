"""Fair claims in random lives: messages and queued jobs stay as many, whoever is given out by whose message."""

from collections import deque
from collections.abc import Callable
from random import Random

import pytest
import redis

from captionfleet_ledger import Claim, Ledger, LedgerOptions, Refusal, WaitingReason
from tests.functional.ledger.making import Clock, make_job, make_result
from tests.servers import Server

LEASE = 9000.0


@pytest.mark.parametrize("seed", range(6))
def test_random_lives_need_no_second_message(server: Server, raw: redis.Redis, clock: Clock, seed: int) -> None:
    """Whatever happens to jobs of some tenants, on a queue that loses nothing each job ends, and nothing seems lost."""
    assert raw.dbsize() == 0
    with Ledger.connect(server.url, options=LedgerOptions(shards=2), clock=clock) as ledger:
        play = _Play(ledger, clock, Random(seed), loses=0.0)
        play.run(400)

        assert play.ended == set(play.accepted)
        assert play.seemed_lost == []


@pytest.mark.parametrize("seed", range(3))
def test_random_lives_survive_lost_and_doubled_messages(
    server: Server, raw: redis.Redis, clock: Clock, seed: int
) -> None:
    """On a queue that loses and repeats messages each job still ends."""
    assert raw.dbsize() == 0
    with Ledger.connect(server.url, options=LedgerOptions(shards=2), clock=clock) as ledger:
        play = _Play(ledger, clock, Random(100 + seed), loses=0.1)
        play.run(400)

        assert play.ended == set(play.accepted)


class _Play:
    """A queue, some workers, and chance."""

    def __init__(self, ledger: Ledger, clock: Clock, random: Random, *, loses: float) -> None:
        self.ledger, self.clock, self.random, self.loses = ledger, clock, random, loses
        self.queue: deque[str] = deque()
        self.claims: list[Claim] = []
        self.accepted: list[str] = []
        self.ended: set[str] = set()
        self.seemed_lost: list[str] = []
        self._expected: set[str] = set()

    def run(self, steps: int) -> None:
        moves: list[Callable[[], None]] = [self.accept, self.take, self.take, self.settle, self.settle]
        moves += [self.defer, self.release, self.cancel]
        for _ in range(steps):
            self.clock.advance(self.random.choice([0.01, 1.0, 20.0]))
            self.random.choice(moves)()
            self.ledger.jobs.renew([claim.lease for claim in self.claims], LEASE)
            self.sweep()
        for _ in range(6):
            while self.queue or self.claims:
                self.take()
                self.settle()
            self.clock.advance(100)
            self.sweep(empty=not self.queue)

    def accept(self) -> None:
        job_id = f"job-{len(self.accepted)}"
        self.ledger.jobs.accept(make_job(job_id, tenant=self.random.choice("aaabc")))
        self.accepted.append(job_id)
        self._send(job_id)

    def take(self) -> None:
        if not self.queue:
            return
        message = self.queue[0] if self.random.random() < self.loses else self.queue.popleft()
        answer = self.ledger.jobs.take(message, holder="w", lease_seconds=LEASE)
        if isinstance(answer, Claim):
            self.claims.append(answer)

    def settle(self) -> None:
        if self.claims:
            claim = self._any_claim()
            if self.ledger.jobs.settle(claim.lease, make_result(claim)):
                self.ended.add(claim.lease.job_id)

    def defer(self) -> None:
        if self.claims:
            lease = self._any_claim().lease
            self.ledger.jobs.defer(lease, reason=WaitingReason.RETRYING, delay=5, progress="")
            self._expected.add(lease.job_id)

    def release(self) -> None:
        if self.claims:
            lease = self._any_claim().lease
            if self.ledger.jobs.release(lease):
                self._send(lease.job_id)
                self.ledger.jobs.mark_sent([lease.job_id])

    def cancel(self) -> None:
        if self.accepted and self.random.random() < 0.3:
            job_id = self.random.choice(self.accepted)
            if not isinstance(self.ledger.jobs.cancel(job_id), Refusal):
                self.ended.add(job_id)

    def sweep(self, *, empty: bool = False) -> None:
        found = self.ledger.sweep(empty_queues={"captions"} if empty else ()).send
        for job in found:
            self._send(job.job_id)
        self.ledger.jobs.mark_sent(job.job_id for job in found)
        self.seemed_lost += [job.job_id for job in found if job.job_id not in self._expected]
        self._expected -= {job.job_id for job in found}

    def _send(self, job_id: str) -> None:
        if self.random.random() >= self.loses:
            self.queue.append(job_id)

    def _any_claim(self) -> Claim:
        return self.claims.pop(self.random.randrange(len(self.claims)))
