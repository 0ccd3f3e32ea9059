"""An account that allows less than the documentation says: the fleet finds out how much, and stays just below it."""

from collections import deque
from dataclasses import dataclass, field

import pytest

from captionfleet_ledger import Exceeded, Ledger, Permit, Rates
from tests.functional.ledger.making import Clock
from tests.functional.ledger.pacing import BULK, MODEL, Simulation

RATES = Rates(requests_per_second=1, tokens_per_second=0, ramp_seconds=10)
MINUTE = 60
LEARNING, HOLDING = 3, 10
"""Minutes."""


@dataclass
class Account:
    """A model that refuses a call too many in any stretch of so many seconds."""

    ledger: Ledger
    limit: int
    seconds: float
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    _recent: "deque[float]" = field(default_factory=deque)

    def __call__(self, permit: Permit) -> None:
        """Answer a call."""
        while self._recent and self._recent[0] <= permit.moment - self.seconds:
            self._recent.popleft()
        if len(self._recent) < self.limit:
            self._recent.append(permit.moment)
            self.accepted.append(permit.moment)
        else:
            self.refused.append(permit.moment)
            self.ledger.pace.refuse(MODEL, RATES, permit, Exceeded.REQUESTS, reason="limit_requests", retry_after=None)


@pytest.mark.parametrize(("limit", "seconds"), [(40, 60.0), (50, 60.0), (20, 60.0), (1, 1.5)])
def test_it_is_found_and_held(ledger: Ledger, clock: Clock, limit: int, seconds: float) -> None:
    """After three minutes at least 90 % of it is used, and fewer than one call in a hundred refused."""
    account = Account(ledger, limit, seconds)
    simulation = Simulation(ledger, clock, RATES, processes=2, model=account)
    simulation.submit(BULK, 1000)
    simulation.run(LEARNING * MINUTE)
    learnt, lost = len(account.accepted), len(account.refused)

    simulation.run(HOLDING * MINUTE)

    allowed = limit * HOLDING * MINUTE / seconds
    assert 0.9 * allowed <= len(account.accepted) - learnt <= allowed + limit
    assert len(account.refused) - lost <= max(1, 0.01 * allowed)
    assert lost <= 8


def test_a_limit_that_was_lifted_is_used_again(ledger: Ledger, clock: Clock) -> None:
    """The fleet looks beyond what it has found after a while."""
    account = Account(ledger, 40, 60.0)
    simulation = Simulation(ledger, clock, RATES, processes=1, model=account)
    simulation.submit(BULK, 2000)
    simulation.run(3 * MINUTE)
    account.limit = 60

    simulation.run(22 * MINUTE)

    assert sum(moment > clock() - 2 * MINUTE for moment in account.accepted) >= 1.03 * 2 * 40


def test_one_refusal_by_chance_costs_little(ledger: Ledger, clock: Clock) -> None:
    """Two calls that came closer than they were sent: the rate is back within two minutes, and is not held below."""
    chance = iter([False] * 100 + [True])

    def model(permit: Permit) -> None:
        if next(chance, False):
            ledger.pace.refuse(MODEL, RATES, permit, Exceeded.REQUESTS, reason="limit_requests", retry_after=None)

    simulation = Simulation(ledger, clock, RATES, processes=4, model=model)
    simulation.submit(BULK, 1000)
    simulation.run(RATES.ramp_seconds)

    calls = len(simulation.run(5 * MINUTE))

    assert calls - 1 >= 0.95 * 5 * MINUTE
