"""A job whose audio was cut takes the ends of its parts together, instead of the steps."""

import structlog

from captionfleet_ledger import JobRecord
from captionfleet_schemas import CaptionResult
from captionfleet_workers.errors import InPartsError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.merge import Ending, completed, merged
from captionfleet_workers.job.part import Part

log = structlog.get_logger()


def gather(attempt: Attempt, fleet: Fleet) -> CaptionResult:
    """The result of a job in parts.

    Raises:
        InPartsError: not all of them have ended; the job waits on.
        PermanentError: `poisoned`, the ledger has lost all of them.
        LedgerUnavailableError: the ledger does not answer.
    """
    if attempt.claim.open_parts:
        raise InPartsError({})
    records = fleet.ledger.jobs.get_many(attempt.claim.parts)
    endings = [_ending(record) if record else None for record in records]
    lost = sum(ending is None for ending in endings)
    if lost:
        log.error("job.parts_lost", lost=lost, parts=len(endings))
    within = attempt.part.slice if attempt.part else None
    return merged(attempt, completed(endings, within), now=fleet.clock())


def _ending(record: JobRecord) -> Ending:
    return Ending(Part.decode(record.part), record.result)
