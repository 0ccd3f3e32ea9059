"""What will go wrong, and when: everything that a chaos run does follows from one seed."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Blow(StrEnum):
    """One thing that goes wrong."""

    KILL_WORKER = "kill_worker"
    STOP_WORKER = "stop_worker"
    RESTART_BROKER = "restart_broker"
    RESTART_LEDGER = "restart_ledger"
    RESET_CONNECTIONS = "reset_connections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run: how many jobs, how many blows of each kind, and how fast they follow each other."""

    seed: int
    jobs: int
    workers: int = 3
    concurrency: int = 8
    kills: int
    stops: int = 1
    broker_restarts: int
    ledger_restarts: int
    resets: int
    pause: float = 1.5
    """Mean seconds between two blows."""

    def blows(self) -> list[Blow]:
        """All blows, in the order that the seed gives."""
        blows = [
            *[Blow.KILL_WORKER] * self.kills,
            *[Blow.STOP_WORKER] * self.stops,
            *[Blow.RESTART_BROKER] * self.broker_restarts,
            *[Blow.RESTART_LEDGER] * self.ledger_restarts,
            *[Blow.RESET_CONNECTIONS] * self.resets,
        ]
        Random(self.seed).shuffle(blows)
        return blows


SHORT = Plan(seed=20261123, jobs=120, kills=4, broker_restarts=1, ledger_restarts=1, resets=1)
LONG = Plan(seed=20261123, jobs=2000, kills=30, broker_restarts=5, ledger_restarts=3, resets=5, stops=5)

FAULTS: tuple[dict[str, object], ...] = (
    {"status": 500, "probability": 0.04},
    {"status": 429, "code": "limit_burst_rate", "probability": 0.02},
    {"drop": True, "probability": 0.02},
)
"""What the model does wrong all the while."""
