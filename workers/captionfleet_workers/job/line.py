"""How jobs leave the queue ahead of their calls: as many as there are calls for soon; the others stand in line."""

from collections.abc import Callable

import structlog

from captionfleet_ledger import Group, Ledger, LedgerUnavailableError, Rates
from captionfleet_schemas import JobState
from captionfleet_schemas.catalogue import MODELS
from captionfleet_schemas.wire import LANE_QUEUES
from captionfleet_workers.errors import BrokerUnavailableError, InLineError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.caller import Caller
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.publisher import Publisher

log = structlog.get_logger()

COMES = frozenset({JobState.QUEUED, JobState.RUNNING})
"""Who is still to come. A running one is just being given back, and is queued when its message arrives; one that waits,
as for the end of a pause, comes by itself."""


class Line:
    """The fleet's line, as one process deals with it. Safe to share by threads."""

    def __init__(  # noqa: PLR0913  whom it works with, and who this process is
        self,
        ledger: Ledger,
        publisher: Publisher,
        rates_of: Callable[[str], Rates],
        *,
        holder: str,
        slots: int,
        beat: Callable[[str], None] = lambda _loop: None,
    ) -> None:
        """`slots` is how many jobs this process works on at once; `beat` is for the thread of `caller`."""
        self.caller = Caller(self.call_up, beat=beat)
        self._ledger = ledger
        self._publisher = publisher
        self._rates_of = rates_of
        self._holder = holder
        self._slots = slots

    def enter(self, attempt: Attempt) -> None:
        """Return if the job may be made ready for its call now.

        Raises:
            InLineError: it is not its turn.
            LeaseLostError: likewise, while the ledger was away.
            HandedBackError: this worker is stopping, and the ledger is away.
        """
        rates = self._rates_of(attempt.card.name)
        if not is_limited(rates) or _is_exempt(attempt):
            return
        attempt.ahead = until_ledger_answers(
            lambda: self._ledger.line.admit(
                attempt.card.name,
                rates,
                attempt.group,
                attempt.job_id,
                since=attempt.claim.accepted_at,
                holder=self._holder,
                slots=self._slots,
            ),
            attempt.rest,
        )
        if not attempt.ahead:
            raise InLineError

    def leave(self, attempt: Attempt) -> None:
        """Make room, if the job took any and has got no permit."""
        if not attempt.ahead:
            return
        attempt.ahead = False
        try:
            if self._ledger.line.leave(attempt.card.name, attempt.group, attempt.job_id):
                self.caller.soon(attempt.card.name)
        except LedgerUnavailableError as error:
            # Its entry ends by itself.
            log.warning("line.not_left", reason=str(error))

    def call_up(self, model: str) -> None:
        """Send for those who come ahead next.

        Raises:
            LedgerUnavailableError: the ledger does not answer; whom it has named is named again.
        """
        called = self._ledger.line.call_up(model, self._rates_of(model))
        states = dict(zip(called, self._ledger.jobs.states(called), strict=True)) if called else {}
        self._send({job_id: called[job_id] for job_id, state in states.items() if state in COMES})
        for job_id, state in states.items():
            if state not in COMES:
                self._ledger.line.leave(model, called[job_id], job_id)

    def call_up_all(self) -> None:
        """Likewise for each model that has a limit: whoever should have done so may have died."""
        for model in MODELS:
            if is_limited(self._rates_of(model)):
                self.call_up(model)

    def _send(self, called: dict[str, Group]) -> None:
        try:
            for job_id, group in called.items():
                self._publisher.wake_up(job_id, LANE_QUEUES[group.lane])
        except BrokerUnavailableError as error:
            log.warning("line.not_called", reason=str(error))
            return
        if called:
            self._ledger.jobs.mark_sent(called)


def is_limited(rates: Rates) -> bool:
    """Whether the account has a limit at all."""
    return bool(rates.requests_per_second or rates.tokens_per_second)


def _is_exempt(attempt: Attempt) -> bool:
    """Quotes and jobs whose parts have been called make no call; the probe of a pause is the one that is waited for."""
    return bool(attempt.job.quote or attempt.claim.parts or attempt.claim.probes)
