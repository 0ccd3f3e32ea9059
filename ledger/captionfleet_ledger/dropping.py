"""What a job brings along and nobody needs after its end: audio in its address, and headers, which are credentials."""

from captionfleet_ledger.records import JobRecord
from captionfleet_schemas import CaptionJob

_INLINE = "data:"


def stripped(job: CaptionJob) -> bytes:
    """The job as it is kept after its end; empty when all of it is."""
    url = job.audio.url
    is_inline = job.scheme == _INLINE.rstrip(":")
    if not is_inline and not job.audio.headers:
        return b""
    kept = f"{url.partition(',')[0][:128]}," if is_inline else url
    return job.model_copy(update={"audio": job.audio.model_copy(update={"url": kept, "headers": None})}).encode()


def rewritable(record: JobRecord) -> CaptionJob | None:
    """The job, where this release understands all of it: another one must not write it again."""
    return None if record.unknown or record.part else record.job
