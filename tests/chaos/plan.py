"""What will go wrong, and in which order: everything that a chaos run does follows from one seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Blow(StrEnum):
    """One thing that goes wrong."""

    KILL_WORKER = "a worker is killed"
    STOP_WORKER = "a worker is stopped"
    RESTART_BROKER = "the broker restarts"
    RESTART_LEDGER = "the ledger restarts"
    RESET_BROKER = "all connections to the broker are reset"
    RESET_LEDGER = "all connections to the ledger are reset"
    RESET_MODEL = "all connections to the model are reset"
    CUT_BROKER = "nothing gets through to the broker"
    CUT_LEDGER = "nothing gets through to the ledger"
    CUT_MODEL = "nothing gets through to the model"
    LOSE_LEDGER = "the ledger cannot be reached for longer than a lease"
    SLOW_NETWORK = "the network is slow"
    RECEIVER_FAILS = "the webhook receiver answers 500 or 503"
    RECEIVER_REFUSES = "the webhook receiver refuses connections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run: how many jobs, how many blows of each kind, and how fast they follow each other."""

    seed: int
    jobs: int
    blows: Mapping[Blow, int]
    workers: int = 3
    slots: int = 8
    """Jobs in hand at the same time, of each worker."""
    latency: float = 1.0
    """Seconds that the model takes for an answer."""
    pause: float = 0.5
    """Mean seconds between two blows."""

    def order(self) -> list[Blow]:
        """All blows, in the order that the seed gives."""
        blows = [blow for blow, count in self.blows.items() for _ in range(count)]
        Random(self.seed).shuffle(blows)
        return blows


LONG = Plan(
    seed=20261123,
    jobs=2000,
    blows={
        Blow.KILL_WORKER: 30,
        Blow.STOP_WORKER: 5,
        Blow.RESTART_BROKER: 5,
        Blow.RESTART_LEDGER: 3,
        Blow.RESET_BROKER: 5,
        Blow.RESET_LEDGER: 3,
        Blow.RESET_MODEL: 3,
        Blow.CUT_BROKER: 3,
        Blow.CUT_LEDGER: 3,
        Blow.CUT_MODEL: 3,
        Blow.LOSE_LEDGER: 3,
        Blow.SLOW_NETWORK: 3,
        Blow.RECEIVER_FAILS: 3,
        Blow.RECEIVER_REFUSES: 3,
    },
)
SHORT = Plan(seed=LONG.seed, jobs=96, blows=dict.fromkeys(Blow, 1) | {Blow.KILL_WORKER: 2}, latency=0.5, pause=0.1)

FAULTS: tuple[dict[str, object], ...] = tuple(
    # A rule about the audio strikes once the audio is known, so that the request log names it.
    {"sha256_prefix": "", **fault}
    for fault in (
        {"status": 500, "probability": 0.04},
        {"status": 429, "code": "limit_burst_rate", "probability": 0.02},
        {"drop": True, "probability": 0.02},
    )
)
"""What the model does wrong all the while."""
