"""A job whose audio was cut takes the ends of its parts together, instead of the steps."""

from captionfleet_ledger import JobRecord
from captionfleet_schemas import CaptionResult
from captionfleet_workers.errors import InPartsError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.merge import Ending, merged
from captionfleet_workers.job.part import Part


def gather(attempt: Attempt, fleet: Fleet) -> CaptionResult:
    """The result of a job in parts.

    Raises:
        InPartsError: not all of them have ended; the job waits on.
        LedgerUnavailableError: the ledger does not answer.
    """
    if attempt.claim.open_parts:
        raise InPartsError({})
    records = fleet.ledger.jobs.get_many(attempt.claim.parts)
    return merged(attempt, [_ending(record) for record in records if record], now=fleet.clock())


def _ending(record: JobRecord) -> Ending:
    return Ending(Part.decode(record.part), record.result)
