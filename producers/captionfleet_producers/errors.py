"""What can go wrong for the one who asks. Each error has a stable `code`; a transient one may pass by itself.

ProducerError
├── InvalidSettingsError            invalid_settings       a setting is missing or makes no sense
├── InvalidSubmissionError          invalid_submission     the job does not say what it should
│   ├── AudioNotFoundError          audio_not_found        a local file is not there or cannot be read
│   └── ManifestError               invalid_manifest       a manifest's line cannot be read
├── SubmissionConflictError         submission_conflict    the id or idempotency key stands for another job
├── UnknownJobError                 unknown_job            the ledger has no such job
├── JobNotRetryableError            job_not_retryable      it has a caption, or has not ended
│   └── AudioDroppedError           audio_dropped          the audio or headers that came with it are kept no longer
├── LetterNotSendableError          letter_not_sendable    a dead letter whose message is not kept, or from nowhere
├── NewerReleaseError               newer_release          a newer release wrote the job, and this one cannot read it
├── JobTimeoutError                 job_timeout            still not finished            (transient)
├── BlobStoreError                  blob_store_unavailable the bucket for audio refuses or does not answer (transient)
├── LedgerUnavailableError          ledger_unavailable     nothing was written           (transient)
└── BrokerUnavailableError          broker_unavailable     no events can be read         (transient)
"""

from pathlib import Path
from typing import ClassVar


class ProducerError(Exception):
    """Base of everything that the client raises. Its text is one sentence that says what to do."""

    code: ClassVar[str] = "producer_error"
    transient: ClassVar[bool] = False


class InvalidSettingsError(ProducerError):
    """A setting is missing or makes no sense; the text names it."""

    code = "invalid_settings"


class InvalidSubmissionError(ProducerError):
    """The job does not validate; the text names the field. Nothing was submitted."""

    code = "invalid_submission"


class AudioNotFoundError(InvalidSubmissionError):
    """A local audio file is not there, is not a file, or may not be read."""

    code = "audio_not_found"

    def __init__(self, path: Path, reason: str) -> None:
        from captionfleet_schemas.display import shortened, visible

        super().__init__(f"{shortened(visible(str(path)), 200)}: {reason}")
        self.path = path


class ManifestError(InvalidSubmissionError):
    """A line of a manifest cannot be read. `line` counts from 1; `field` is None where the whole line is at fault."""

    code = "invalid_manifest"

    def __init__(self, path: Path, line: int, field: str | None, reason: str) -> None:
        super().__init__(f"{path}:{line}: " + (f"{field}: {reason}" if field else reason))
        self.path = path
        self.line = line
        self.field = field


class BlobStoreError(ProducerError):
    """A local file could not be put into the bucket that `CAPTIONFLEET_BLOB_URL` names. Its job was not submitted."""

    code = "blob_store_unavailable"
    transient = True


class SubmissionConflictError(ProducerError):
    """The id or idempotency key already stands for a job with another content; the first one is untouched."""

    code = "submission_conflict"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} exists with another content: use a new idempotency key or id for this one")
        self.job_id = job_id


class UnknownJobError(ProducerError):
    """The ledger has no such job: it never had, or its retention has ended."""

    code = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"no job {job_id}: check the id, and whether its retention has ended")
        self.job_id = job_id


class JobNotRetryableError(ProducerError):
    """There is nothing to try again: the job has its caption, or it has not ended yet. It is untouched."""

    code = "job_not_retryable"

    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(f"job {job_id} is {state}: only a job that failed, expired or was cancelled is tried again")
        self.job_id = job_id


class AudioDroppedError(JobNotRetryableError):
    """The job's audio stood in its address, or it had headers: such are kept for a day after a job has failed."""

    code = "audio_dropped"

    def __init__(self, job_id: str) -> None:
        ProducerError.__init__(
            self, f"job {job_id} brought its audio or headers along, which are kept no longer: submit it anew"
        )
        self.job_id = job_id


class LetterNotSendableError(ProducerError):
    """A dead letter cannot be sent again; it stays where it is."""

    code = "letter_not_sendable"

    def __init__(self, letter_id: str, reason: str) -> None:
        super().__init__(f"dead letter {letter_id} cannot be sent again: {reason}")
        self.id = letter_id


class NewerReleaseError(ProducerError):
    """A newer release of the client wrote the job, and this one does not know all of what it asks for."""

    code = "newer_release"


class JobTimeoutError(ProducerError):
    """A job was not finished in time. It goes on; ask again later."""

    code = "job_timeout"
    transient = True

    def __init__(self, job_id: str, timeout: float, *, others: int = 0) -> None:
        more = f" and {others} more" if others else ""
        super().__init__(f"job {job_id}{more} not finished after {timeout:g} s: wait again, or see its status")
        self.job_id = job_id


class LedgerUnavailableError(ProducerError):
    """The ledger does not answer. What was being submitted does not exist, or is found by its idempotency key."""

    code = "ledger_unavailable"
    transient = True


class BrokerUnavailableError(ProducerError):
    """The broker does not answer. Submitting works all the same; reading events does not."""

    code = "broker_unavailable"
    transient = True
