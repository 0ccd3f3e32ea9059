"""The life of one delivery attempt: claim it, send it, put it on record."""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random

import structlog

from captionfleet_ledger import DeliveryAttempt, DeliveryClaim, DeliveryState, Ledger
from captionfleet_workers.lifecycle.blame import undelivered_by
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.tracing import Traces
from captionfleet_workers.webhooks.schedule import Verdict, judge
from captionfleet_workers.webhooks.sender import Sender

log = structlog.get_logger()

LEASE_MARGIN_SECONDS = 30.0
ENDPOINT_MEMORY_SECONDS = 5.0
"""How long an endpoint that was open is taken to be open still."""
LEFT_SECONDS = 5.0
"""After so long another worker may send what this one could not, for a fault of its machine."""
ENDPOINT_MEMORY = 10_000
"""Endpoints that are remembered."""


class Deliveries:
    """Makes delivery attempts. An endpoint that answered 410 gets no more of them."""

    def __init__(  # noqa: PLR0913  what it is put together from, by name
        self,
        ledger: Ledger,
        sender: Sender,
        *,
        timeout: float,
        random: Random,
        metrics: Metrics,
        traces: Traces,
        health: Health,
    ) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._traces = traces
        self._health = health
        self._sender = sender
        self._lease_seconds = timeout + LEASE_MARGIN_SECONDS
        self._random = random
        self._open_endpoints: dict[str, float] = {}

    def attempt(self, delivery_id: str) -> None:
        """Make the attempt that is due, if it still is."""
        claim = self._ledger.deliveries.claim(delivery_id, lease_seconds=self._lease_seconds)
        if claim is None:
            return
        with structlog.contextvars.bound_contextvars(job_id=claim.job_id, event_id=claim.event_id):
            if self._is_switched_off(claim.url):
                self._refuse(claim)
            else:
                with self._traces.delivery(claim) as headers:
                    self._send_or_leave(claim, headers)

    def _is_switched_off(self, url: str) -> bool:
        now = time.monotonic()
        if now - self._open_endpoints.get(url, -math.inf) < ENDPOINT_MEMORY_SECONDS:
            return False
        if self._ledger.deliveries.endpoint_disabled(url):
            return True
        if len(self._open_endpoints) >= ENDPOINT_MEMORY:
            self._open_endpoints.clear()
        self._open_endpoints[url] = now
        return False

    def _send_or_leave(self, claim: DeliveryClaim, headers: Mapping[str, str]) -> None:
        try:
            self._send(claim, headers)
        except Exception as error:
            fault = undelivered_by(error, self._health)
            if fault is None:
                raise
            # Nothing of this is the receiver's doing: it gets all of its attempts.
            self._health.step_aside(fault, f"A webhook could not be sent: {error}")
            self._ledger.deliveries.release(claim, due_in=LEFT_SECONDS)
            log.warning("webhook.left_to_others", fault=fault, reason=str(error))

    def _send(self, claim: DeliveryClaim, headers: Mapping[str, str]) -> None:
        at, started = self._now(), time.monotonic()
        outcome, answer = self._sender.send(claim.url, claim.event_id, claim.body, headers)
        if outcome.error is not None and undelivered_by(outcome.error, self._health):
            raise outcome.error
        seconds = time.monotonic() - started
        verdict = judge(outcome, claim.attempt, self._random)
        self._traces.delivered(outcome.status, verdict.state)
        failed = outcome.status is None
        self._record(
            claim,
            DeliveryAttempt(
                at=at,
                status=outcome.status,
                error=answer if failed else None,
                seconds=seconds,
                answer="" if failed else answer,
            ),
            verdict,
        )
        if verdict.state is DeliveryState.DISABLED:
            self._ledger.deliveries.disable_endpoint(claim.url)
            self._open_endpoints.pop(claim.url, None)
        log.info(
            "webhook.attempt",
            attempt=claim.attempt,
            status=outcome.status,
            state=verdict.state,
            next_in=verdict.next_in,
            reason=answer if failed else None,
        )

    def _refuse(self, claim: DeliveryClaim) -> None:
        reason = "the endpoint answered 410 Gone before and is switched off"
        attempt = DeliveryAttempt(at=self._now(), status=None, error=reason, seconds=0.0, answer="")
        self._record(claim, attempt, Verdict(DeliveryState.DISABLED))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._ledger.clock(), UTC)

    def _record(self, claim: DeliveryClaim, attempt: DeliveryAttempt, verdict: Verdict) -> None:
        # An attempt that is not on record is made again, which its receiver sees.
        until_ledger_answers(
            lambda: self._ledger.deliveries.record(claim, attempt, next_in=verdict.next_in, state=verdict.state),
            time.sleep,
        )
        self._metrics.delivered(verdict.state)
