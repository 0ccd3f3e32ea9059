"""What can go wrong with a job, and whether another try may help.

    JobError
    ├── TransientError              may pass by itself: tried again with backoff, later failing with `code`
    │   ├── AudioUnavailableError   the origin answers 5xx, 429 or not at all         audio_unreachable
    │   └── ModelCallError          a failed call, judged by the error catalogue      (its row's code)
    ├── PermanentError              will fail again; carries the code of the result
    │   └── ForbiddenAddressError   an address that the operator does not allow       audio_forbidden_address
    ├── ThrottledError              the fleet's own pace allows no call soon: the job waits, no try is used up
    ├── SlowOriginError             others need the slot that a slow download holds: the job waits, no try is used up
    ├── PausedError             what the job belongs to is paused: it waits for the end of that, no try is used up
    ├── InLineError                 others come first: the job is queued again until it is called
    ├── InPartsError            the audio takes several calls: the job waits for its parts, no try is used up
    ├── MachineError                the worker's own machine is at fault: the job goes back untouched
    ├── NoRoomError                 the spool has no room beside other jobs: the job waits, no try is used up
    ├── LeaseLostError              the job was cancelled, or is another worker's now: stop quietly
    └── HandedBackError             the worker is stopping: the job goes back to the queue

    UnreadableMessageError          no worker can read a message: it becomes a dead letter with the reason
    BrokerUnavailableError          the message queue cannot be reached: the ledger keeps what was to be said
    └── UnroutedError               it answers, and no queue takes the message: likewise

`ModelCallError` lives in `model/errors.py` beside the catalogue that fills it, `ForbiddenAddressError` in
`outbound/addresses.py` beside the rules that raise it.
"""

from collections.abc import Mapping

from captionfleet_schemas import FailureCode
from captionfleet_workers.lifecycle.faults import MachineFault


class JobError(Exception):
    """Base of everything that ends an attempt at a job."""

    @property
    def told(self) -> str:
        """What happened, as the job's owner may read it."""
        return str(self)


class TransientError(JobError):
    """Another try may succeed.

    `retry_after` is the shortest wait that the other side asked for, in seconds, and `code` is what the job fails with
    when tries run out.
    """

    def __init__(self, message: str, *, code: FailureCode, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.retry_after = retry_after


class AudioUnavailableError(TransientError):
    """The audio's origin did not deliver, for now."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, code=FailureCode.AUDIO_UNREACHABLE, retry_after=retry_after)


class PermanentError(JobError):
    """The job fails for good with `code`; `message` says what happened, in words for the job's owner."""

    def __init__(self, code: FailureCode, message: str, *, upstream_code: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.upstream_code = upstream_code


class ThrottledError(JobError):
    """No permit for a call within the time that a slot is worth; ask again after `retry_after` seconds."""

    def __init__(self, reason: str, *, retry_after: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class InLineError(JobError):
    """As many jobs as the account has calls for are ahead of this one; it is queued until it is called."""


class SlowOriginError(JobError):
    """The audio has been on its way for so many seconds, and others need the slot; it is fetched anew later."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the audio's origin is slow ({seconds:.0f} s so far), and others need the slot")


class PausedError(JobError):
    """No call for this job until the pause of `scope` ends."""

    def __init__(self, scope: str, reason: str) -> None:
        super().__init__(reason)
        self.scope = scope
        self.reason = reason


class InPartsError(JobError):
    """The audio is captioned in parts: `parts` are to be written by their ids, where they are not there already."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        super().__init__(f"{len(parts)} parts to caption")
        self.parts = parts


class MachineError(JobError):
    """The worker's own machine is at fault, not the job.

    `otherwise` is what the job fails with where the machine turns out to be well, time and again.
    """

    def __init__(self, fault: MachineFault, message: str, *, otherwise: FailureCode = FailureCode.POISONED) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.otherwise = otherwise


class NoRoomError(JobError):
    """The disk has no room for this audio while it holds that of other jobs; ask again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LeaseLostError(JobError):
    """This worker no longer holds the job."""


class HandedBackError(JobError):
    """The worker is stopping and gives the job back, unharmed."""


class UnreadableMessageError(Exception):
    """No worker can read a message; `reason` is one sentence that repeats nothing of its body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BrokerUnavailableError(Exception):
    """The message queue cannot be reached. Nothing is lost by it: the sweep says it again from the ledger."""


class UnroutedError(BrokerUnavailableError):
    """The broker answers, and no queue has taken the message: it came back, or was refused."""
