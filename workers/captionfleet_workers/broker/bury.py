"""Putting a message aside that no worker can read: the ledger learns it, then it goes to `captionfleet.dead`."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from captionfleet_ledger import LedgerRefusedError, Settlement
from captionfleet_schemas.display import shortened, visible, without_secrets
from captionfleet_workers.broker.letter import letter_of
from captionfleet_workers.broker.reading import RawMessage, Unreadable
from captionfleet_workers.broker.rejection import rejected, webhook_of
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.patience import PAUSES, until_ledger_answers

log = structlog.get_logger()

LONGEST_REASON = 500


def bury(fleet: Fleet, unreadable: Unreadable, message: RawMessage, rest: Callable[[float], object]) -> None:
    """Put a message aside for good, however long ledger and broker are away.

    A worker that dies in between leaves the message where it was; the next one tells the same under the same ids.

    Args:
        fleet: this process's services.
        unreadable: what is wrong with it.
        message: as it came.
        rest: waits so many seconds, and may raise to give up.
    """
    at = datetime.fromtimestamp(fleet.ledger.clock(), UTC)
    reason = presentable(unreadable.reason)
    try:
        settlement = until_ledger_answers(lambda: _noted(fleet, unreadable, reason, at), rest)
    except LedgerRefusedError as error:
        log.warning("message.rejection_unknown", reason=str(error), job_id=unreadable.job_id)
        settlement = None
    letter = letter_of(message, reason, unreadable.job_id, at).encode()
    _send(fleet, letter, rest)
    fleet.metrics.dead_lettered()
    log.warning(
        "message.dead_lettered",
        reason=reason,
        job_id=unreadable.job_id,
        queue=message.queue,
        bytes=len(message.body),
    )
    if settlement is not None:
        fleet.outbox.publish(settlement)


def presentable(reason: str) -> str:
    """A reason that can be written anywhere: it may name a field, and the sender has chosen the field's name."""
    return shortened(visible(without_secrets(reason)), LONGEST_REASON)


def _noted(fleet: Fleet, unreadable: Unreadable, reason: str, at: datetime) -> Settlement | None:
    if unreadable.job_id is None:
        return None
    job = unreadable.job or {}
    result = rejected(unreadable.job_id, job, reason, at)
    return fleet.ledger.rejections.note(result, tell=unreadable.job is not None, webhook_url=webhook_of(job))


def _send(fleet: Fleet, letter: bytes, rest: Callable[[float], object]) -> None:
    pauses = iter(PAUSES)
    while True:
        try:
            return fleet.publisher.bury(letter)
        except BrokerUnavailableError as error:
            log.warning("broker.unavailable", reason=str(error))
            rest(next(pauses, PAUSES[-1]))
