"""What a worker does about pauses: it notices them between two steps, begins one, and ends one after a good probe."""

import time
from threading import Lock

import structlog

from captionfleet_ledger import Ledger, OutboxEntry, Settlement
from captionfleet_schemas.pausing import FLEET_SCOPE, Pause, PausedBy, model_scope, tenant_scope
from captionfleet_workers.errors import PausedError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.patience import until_ledger_answers

log = structlog.get_logger()

FRESH_SECONDS = 0.5


class Pauses:
    """The ledger's pauses as they were a moment ago, and the way to change them; safe to share by threads."""

    def __init__(self, ledger: Ledger, outbox: Outbox, *, first_probe: float) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._first_probe = first_probe
        self._asked_at = 0.0
        self._seen: tuple[Pause, ...] = ()
        self._lock = Lock()

    def check(self, attempt: Attempt) -> None:
        """Return if the job may go on. A claim asks the ledger itself; this is for pauses that began since then.

        Raises:
            PausedError: what the job belongs to is paused, and the job is not the probe of that pause.
            LedgerUnavailableError: the ledger does not answer.
        """
        scopes = {FLEET_SCOPE, tenant_scope(attempt.job.tenant), model_scope(attempt.card.name)}
        for pause in self._fresh():
            probes = pause.scope == attempt.claim.probes and pause.by is PausedBy.ACCOUNT_FAULT
            if pause.scope in scopes and not probes:
                raise PausedError(pause.scope, pause.reason)

    def begin(self, model: str, reason: str) -> str:
        """Pause a model because of its account, and tell it once. Returns the scope."""
        scope = model_scope(model)
        event = until_ledger_answers(
            lambda: self._ledger.pauses.begin(
                scope, by=PausedBy.ACCOUNT_FAULT, reason=reason, first_probe=self._first_probe
            ),
            time.sleep,
        )
        if event is not None:
            log.error("fleet.paused", scope=scope, reason=reason)
        self._tell(event)
        return scope

    def end(self, scope: str) -> None:
        """End an automatic pause, as a call has succeeded, and tell it once."""
        event = until_ledger_answers(lambda: self._ledger.pauses.end(scope, by=PausedBy.ACCOUNT_FAULT), time.sleep)
        if event is not None:
            log.info("fleet.resumed", scope=scope)
        self._tell(event)

    def _tell(self, event: OutboxEntry | None) -> None:
        with self._lock:
            self._asked_at = 0.0
        if event is not None:
            self._outbox.publish(Settlement((event,), None))

    def _fresh(self) -> tuple[Pause, ...]:
        with self._lock:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                self._asked_at, self._seen = time.monotonic(), self._ledger.pauses.all()
            return self._seen
