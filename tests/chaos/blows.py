"""How each blow is dealt. Whatever it does has ended when it returns, and what it broke works again."""

import threading
import time
from collections.abc import Callable, Mapping
from random import Random

from tests.chaos.plan import Blow
from tests.chaos.surroundings import LEASE_SECONDS, Surroundings
from tests.chaos.workforce import Workforce
from tests.network import Link

OUTAGE_SECONDS = (1.0, 4.0)
RECEIVER_OUTAGE_SECONDS = 2.0
RECEIVER_REST_SECONDS = 6.0
"""A delivery that fails is tried again after 5 to 5.5 s; one that fails twice waits for five minutes."""
DELAY_SECONDS = 0.05
WELL, UNWELL = 204, (500, 503)


class Fist:
    """Deals blows."""

    def __init__(self, around: Surroundings, workforce: Workforce, random: Random) -> None:
        self._around = around
        self._workforce = workforce
        self._random = random
        self._receiver_rests_until = 0.0
        # Nobody sets it: to wait for it is to sleep.
        self._never = threading.Event()

    def strike(self, blow: Blow) -> None:
        """Let one thing go wrong."""
        links = self._around.links
        deeds: Mapping[Blow, Callable[[], object]] = {
            Blow.KILL_WORKER: lambda: self._workforce.kill_one(self._random),
            Blow.STOP_WORKER: lambda: self._workforce.stop_one(self._random),
            Blow.RESTART_BROKER: self._around.broker.restart,
            Blow.RESTART_LEDGER: self._around.ledger.restart,
            Blow.RESET_BROKER: links.broker.reset,
            Blow.RESET_LEDGER: links.ledger.reset,
            Blow.RESET_MODEL: links.model.reset,
            Blow.CUT_BROKER: lambda: self._cut(links.broker),
            Blow.CUT_LEDGER: lambda: self._cut(links.ledger),
            Blow.CUT_MODEL: lambda: self._cut(links.model),
            Blow.LOSE_LEDGER: self._lose_ledger,
            Blow.SLOW_NETWORK: self._slow_down,
            Blow.RECEIVER_FAILS: self._receiver_fails,
            Blow.RECEIVER_REFUSES: self._receiver_refuses,
        }
        deeds[blow]()

    def _last(self, seconds: float) -> None:
        self._never.wait(seconds)

    def _cut(self, link: Link) -> None:
        link.cut()
        self._last(self._random.uniform(*OUTAGE_SECONDS))
        link.heal()

    def _lose_ledger(self) -> None:
        self._around.links.ledger.refuse()
        self._last(1.5 * LEASE_SECONDS)
        self._around.links.ledger.heal()

    def _slow_down(self) -> None:
        for link in self._around.links.inner:
            link.slow(DELAY_SECONDS)
        self._last(self._random.uniform(*OUTAGE_SECONDS))
        for link in self._around.links.inner:
            link.heal()

    def _receiver_fails(self) -> None:
        self._receiver_is_out(lambda: self._receiver_answers(self._random.choice(UNWELL)))
        self._receiver_answers(WELL)

    def _receiver_refuses(self) -> None:
        self._receiver_is_out(self._around.links.receiver.refuse)
        self._around.links.receiver.heal()

    def _receiver_answers(self, status: int) -> None:
        self._around.receiver.status = status

    def _receiver_is_out(self, begin: Callable[[], None]) -> None:
        """Let it last for a while, and begin it not too soon after the outage before."""
        self._last(self._receiver_rests_until - time.monotonic())
        begin()
        self._last(RECEIVER_OUTAGE_SECONDS)
        self._receiver_rests_until = time.monotonic() + RECEIVER_REST_SECONDS
