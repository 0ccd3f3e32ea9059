"""The first step: a message names a job; the ledger says which one is this worker's to do now, if any."""

import json
from collections.abc import Mapping

import structlog
from pydantic import ValidationError

from captionfleet_ledger import Claim, JobConflictError, Lease, Ledger, Refusal, UnreadableJobError
from captionfleet_schemas import CaptionJob, InvalidMessageError
from captionfleet_schemas.job import VERSION, objection_to_metadata
from captionfleet_schemas.parts import part_of
from captionfleet_workers.job.part import Part
from captionfleet_workers.progress import Progress

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
    """Claim the job whose turn it is, accepting the named one first when only the message knows it and carries it.

    Any Celery-speaking service may send a job that way; our own client writes it to the ledger before it sends. The
    token makes it safe to repeat the call when the ledger's answer was lost. A job of a newer release is left to the
    workers of that.

    Raises:
        InvalidMessageError: the ledger does not know the job, and the message carries none or one that is not valid.
    """

    def take() -> Claim | Refusal:
        return ledger.jobs.take(job_id, holder=holder, lease_seconds=lease_seconds, model=model, token=token)

    try:
        claimed = take()
        if claimed is Refusal.UNKNOWN:
            accept(ledger, job_id, body)
            claimed = take()
        if isinstance(claimed, Claim):
            _check_readable(claimed)
    except UnreadableJobError as error:
        log.warning("job.left_to_newer_worker", reason=str(error))
        ledger.jobs.set_aside(Lease(error.job_id, token))
        return Refusal.WAITING
    return claimed


def _check_readable(claimed: Claim) -> None:
    """See that this worker also understands what others have left with a job."""
    try:
        Progress.decode(claimed.progress)
        if claimed.part:
            Part.decode(claimed.part)
    except ValidationError as error:
        raise UnreadableJobError(claimed.job.id, f"its {error.title.lower()} is that of another release") from error


def accept(ledger: Ledger, job_id: str, body: Mapping[str, object] | None) -> None:
    """Write a job to the ledger that its message carries.

    Raises:
        InvalidMessageError: the message carries none or one that is not valid, or its id is that of another job.
    """
    if body is None:
        raise InvalidMessageError(
            f"the ledger holds no job {job_id!r}, and the message carries none", {"job_id": job_id}
        )
    if part_of(job_id):
        raise InvalidMessageError(
            f"ids such as {job_id!r} are those of parts of long audio; choose another", dict(body)
        )
    # An id that is there and empty is what some languages make of one that is left out.
    sent = {**body, "id": body.get("id") or job_id}
    newer = _is_newer(body)
    job = _outlines(sent) if newer else CaptionJob.decode(sent)
    if objection := objection_to_metadata(job.metadata):
        raise InvalidMessageError(objection, dict(body))
    if job.id != job_id:
        raise InvalidMessageError(f"the message is about job {job_id!r} and carries job {job.id!r}", dict(body))
    try:
        ledger.jobs.accept(job, body=json.dumps(sent).encode() if newer else None)
    except RecursionError:
        raise InvalidMessageError("the job is nested too deeply", {"job_id": job_id}) from None
    except JobConflictError as error:
        raise InvalidMessageError(str(error), dict(body)) from error
    log.info("job.accepted_from_message", scheme=job.scheme)


def _is_newer(body: Mapping[str, object]) -> bool:
    version = body.get("version")
    return isinstance(version, int) and version > VERSION


def _outlines(sent: Mapping[str, object]) -> CaptionJob:
    """What can be understood of a job of a later version: enough to keep it for a worker that understands all of it."""
    try:
        return CaptionJob.glimpse(sent)
    except InvalidMessageError as error:
        raise InvalidMessageError(
            f"a job of version {sent['version']}, of which this worker, which reads version {VERSION}, understands too "
            f"little to keep it: upgrade the workers, then send it again ({error.reason})",
            dict(sent),
        ) from error
