"""The first step: a message names a job; the ledger says whether it is this worker's to do."""

from collections.abc import Mapping

import structlog

from captionfleet_ledger import Claim, JobConflictError, Ledger, Refusal
from captionfleet_schemas import CaptionJob, InvalidMessageError
from captionfleet_schemas.parts import part_of

log = structlog.get_logger()


def claim(  # noqa: PLR0913  what the ledger is asked, by name
    ledger: Ledger,
    job_id: str,
    body: Mapping[str, object] | None,
    *,
    holder: str,
    lease_seconds: float,
    model: str,
    token: str,
) -> Claim | Refusal:
    """Claim a job, accepting it first when the ledger does not know it and the message carries it.

    Any Celery-speaking service may send a job that way; our own client writes it to the ledger before it sends. The
    token makes it safe to repeat the call when the ledger's answer was lost.

    Raises:
        InvalidMessageError: the ledger does not know the job, and the message carries none or one that is not valid.
    """
    if not job_id:
        raise InvalidMessageError("the message names no job_id", dict(body or {}))
    claimed = ledger.jobs.claim(job_id, holder=holder, lease_seconds=lease_seconds, model=model, token=token)
    if claimed is not Refusal.UNKNOWN:
        return claimed
    if body is None:
        raise InvalidMessageError(
            f"the ledger holds no job {job_id!r}, and the message carries none", {"job_id": job_id}
        )
    _accept(ledger, job_id, body)
    return ledger.jobs.claim(job_id, holder=holder, lease_seconds=lease_seconds, model=model, token=token)


def _accept(ledger: Ledger, job_id: str, body: Mapping[str, object]) -> None:
    if part_of(job_id):
        raise InvalidMessageError(
            f"ids such as {job_id!r} are those of parts of long audio; choose another", dict(body)
        )
    job = CaptionJob.decode({"id": job_id, **body})
    if job.id != job_id:
        raise InvalidMessageError(f"the message is about job {job_id!r} and carries job {job.id!r}", dict(body))
    try:
        ledger.jobs.accept(job)
    except JobConflictError as error:
        raise InvalidMessageError(str(error), dict(body)) from error
    log.info("job.accepted_from_message", scheme=job.scheme)
