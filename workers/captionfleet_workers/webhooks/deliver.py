"""The life of one delivery attempt: claim it, send it, put it on record, and say how the endpoint fares."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from urllib.parse import urlsplit

import structlog

from captionfleet_ledger import OVERDUE, DeliveryAttempt, DeliveryClaim, DeliveryState, DueDelivery, Entry, Ledger
from captionfleet_workers.lifecycle.blame import undelivered_by
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.tracing import Traces
from captionfleet_workers.webhooks.fairness import Ending
from captionfleet_workers.webhooks.gate import Gate
from captionfleet_workers.webhooks.schedule import GONE, Outcome, Verdict, judge
from captionfleet_workers.webhooks.sender import Sender

log = structlog.get_logger()

LEASE_MARGIN_SECONDS = 30.0
LEFT_SECONDS = 5.0
"""After so long another worker may send what this one could not, for a fault of its machine."""
SWITCHED_OFF = "the endpoint answered 410 Gone before and is switched off"
GIVEN_UP = "the endpoint was out of order for as long as this delivery could wait"
NOT_MADE = Ending()


class Deliveries:
    """Makes delivery attempts. An endpoint that is out of order is left alone, and one that answered 410 for good."""

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
        """`timeout` is the sender's, in seconds."""
        self._ledger = ledger
        self._metrics = metrics
        self._traces = traces
        self._health = health
        self._sender = sender
        self._lease_seconds = timeout + LEASE_MARGIN_SECONDS
        self._random = random
        self.gate = Gate(ledger, lease_seconds=self._lease_seconds)

    @property
    def is_held(self) -> bool:
        """Whether this process makes no attempts, for a fault of its machine; others make them."""
        return self._health.holds_deliveries

    def attempt(self, due: DueDelivery) -> Ending:
        """Make the attempt that is due, if it still is and its endpoint takes one.

        Raises:
            LedgerUnavailableError: what was sent may not be on record; it is due again after its lease.
        """
        if self.is_held:
            return NOT_MADE
        rests_until = self.gate.rests_until(due.endpoint)
        if rests_until is not None:
            return Ending(rests_until=rests_until)
        claim = self._ledger.deliveries.claim(due.delivery_id, lease_seconds=self._lease_seconds)
        if claim is None:
            return NOT_MADE
        with structlog.contextvars.bound_contextvars(job_id=claim.job_id, event_id=claim.event_id):
            return self._make(claim, due.endpoint)

    def _make(self, claim: DeliveryClaim, endpoint: str) -> Ending:
        if endpoint == OVERDUE:
            return self._end(claim, GIVEN_UP, DeliveryState.FAILED)
        entry = self.gate.enter(endpoint, claim.url)
        if entry.disabled:
            return self._end(claim, SWITCHED_OFF, DeliveryState.DISABLED)
        if entry.rest is not None:
            self._ledger.deliveries.postpone(claim)
            return Ending(rests_until=entry.rest.until.timestamp())
        with self._traces.delivery(claim) as headers:
            return self._send_or_leave(claim, endpoint, entry, headers)

    def _send_or_leave(self, claim: DeliveryClaim, endpoint: str, entry: Entry, headers: Mapping[str, str]) -> Ending:
        try:
            return self._send(claim, endpoint, entry, headers)
        except Exception as error:
            fault = undelivered_by(error, self._health)
            if fault is None:
                raise
            # Nothing of this is the receiver's doing: it gets all of its attempts.
            self._health.step_aside(fault, f"A webhook could not be sent: {error}")
            self._ledger.deliveries.release(claim, due_in=LEFT_SECONDS)
            log.warning("webhook.left_to_others", fault=fault, reason=str(error))
            return NOT_MADE

    def _send(self, claim: DeliveryClaim, endpoint: str, entry: Entry, headers: Mapping[str, str]) -> Ending:
        at, started = self._now(), time.monotonic()
        outcome, answer = self._sender.send(claim.url, claim.event_id, claim.body, headers)
        if outcome.error is not None and undelivered_by(outcome.error, self._health):
            raise outcome.error
        seconds = time.monotonic() - started
        verdict = judge(outcome, claim.attempt, self._random)
        self._traces.delivered(outcome.status, verdict.state)
        failed = outcome.status is None
        error = answer if failed else None
        self._record(claim, DeliveryAttempt(at, outcome.status, error, seconds, "" if failed else answer), verdict)
        _log_attempt(claim, outcome, verdict, error)
        rests_until = self._tell_of_endpoint(claim, endpoint, entry, outcome, answer)
        return Ending(seconds, not failed, rests_until)

    def _tell_of_endpoint(
        self, claim: DeliveryClaim, endpoint: str, entry: Entry, outcome: Outcome, answer: str
    ) -> float | None:
        if outcome.status == GONE:
            self.gate.disable(claim.url)
        if not outcome.is_out_of_order:
            self.gate.answered(endpoint, probed=entry.probes)
            return None
        reason = answer if outcome.status is None else f"it answered {outcome.status}"
        until = self.gate.failed(endpoint, claim.delivery_id, reason, probed=entry.probes, asks_for=outcome.retry_after)
        if until is not None:
            seconds = until - self._ledger.clock()
            log.warning("webhook.endpoint_left_alone", host=_host(claim.url), seconds=round(seconds, 1), reason=reason)
        return until

    def _end(self, claim: DeliveryClaim, reason: str, state: DeliveryState) -> Ending:
        attempt = DeliveryAttempt(at=self._now(), status=None, error=reason, seconds=0.0, answer="")
        self._record(claim, attempt, Verdict(state))
        return NOT_MADE

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._ledger.clock(), UTC)

    def _record(self, claim: DeliveryClaim, attempt: DeliveryAttempt, verdict: Verdict) -> None:
        # An attempt that is not on record is made again, which its receiver sees.
        until_ledger_answers(
            lambda: self._ledger.deliveries.record(claim, attempt, next_in=verdict.next_in, state=verdict.state),
            time.sleep,
        )
        self._metrics.delivered(verdict.state)


def _log_attempt(claim: DeliveryClaim, outcome: Outcome, verdict: Verdict, reason: str | None) -> None:
    log.info(
        "webhook.attempt",
        attempt=claim.attempt,
        status=outcome.status,
        state=verdict.state,
        next_in=verdict.next_in,
        reason=reason,
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
