"""How jobs leave the queue ahead of their calls: as many as there are calls for soon; the others stand in line."""

from collections.abc import Callable, Sequence

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
        accounts: Sequence[str],
        is_held_up: Callable[[str], bool],
        holder: str,
        slots: int,
        beat: Callable[[str], None] = lambda _loop: None,
    ) -> None:
        """Nothing runs before the thread of `caller` is started.

        Args:
            ledger: where the line is.
            publisher: sends for jobs.
            rates_of: what all accounts allow of a model.
            accounts: their names.
            is_held_up: whether the calls of a model without limits are held up by an outage; may raise
                `LedgerUnavailableError`.
            holder: names this process.
            slots: how many jobs this process works on at once.
            beat: for the thread of `caller`.
        """
        self.caller = Caller(self.call_up, beat=beat)
        self._ledger = ledger
        self._publisher = publisher
        self._rates_of = rates_of
        self._accounts = accounts
        self._is_held_up = is_held_up
        self._holder = holder
        self._slots = slots

    def enter(self, attempt: Attempt) -> None:
        """Return if the job may be made ready for its call now.

        Raises:
            InLineError: it is not its turn.
            LeaseLostError: likewise, while the ledger was away.
            HandedBackError: this worker is stopping, and the ledger is away.
        """
        model = attempt.card.name
        if _is_exempt(attempt) or not until_ledger_answers(lambda: self._has_line(model), attempt.rest):
            return
        attempt.ahead = until_ledger_answers(lambda: self._admit(attempt), attempt.rest)
        if not attempt.ahead:
            raise InLineError

    def step_back(self, attempt: Attempt) -> None:
        """Go back to the place in line, as no account answers; return if one does again.

        Raises:
            InLineError: the job stands in line.
            LedgerUnavailableError: the ledger does not answer.
        """
        if _is_exempt(attempt) or not self._ledger.line.step_back(
            attempt.card.name, self._accounts, attempt.group, attempt.job_id, since=attempt.claim.accepted_at
        ):
            return
        attempt.ahead = False
        raise InLineError

    def _has_line(self, model: str) -> bool:
        return is_limited(self._rates_of(model)) or self._is_held_up(model)

    def _admit(self, attempt: Attempt) -> bool:
        return self._ledger.line.admit(
            attempt.card.name,
            self._rates_of(attempt.card.name),
            attempt.group,
            attempt.job_id,
            since=attempt.claim.accepted_at,
            holder=self._holder,
            slots=self._slots,
            accounts=self._accounts,
        )

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
        called = self._ledger.line.call_up(model, self._rates_of(model), accounts=self._accounts)
        states = dict(zip(called, self._ledger.jobs.states(called), strict=True)) if called else {}
        self._send({job_id: called[job_id] for job_id, state in states.items() if state in COMES})
        for job_id, state in states.items():
            if state not in COMES:
                self._ledger.line.leave(model, called[job_id], job_id)

    def call_up_all(self) -> None:
        """Likewise for each model: whoever should have done so may have died."""
        for model in MODELS:
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
