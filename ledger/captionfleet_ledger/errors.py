"""What can go wrong between a process and the ledger.

    LedgerError
    ├── LedgerUnavailableError      transient: not reachable, restarting, failing over, full, too slow
    ├── LedgerRefusedError          permanent: the server does not understand or permit a command
    ├── LedgerMismatchError         permanent: the ledger was made with another number of shards
    └── JobConflictError            permanent: the id is taken by a job with another body

No exception of the Redis client leaves this package.
"""


class LedgerError(Exception):
    """Base of everything that the ledger raises."""

    code = "ledger_error"
    """Stable, for logs and metrics."""
    transient = False
    """Whether the same call can succeed later."""


class LedgerUnavailableError(LedgerError):
    """The ledger gave no answer. Whether a write arrived is unknown; every call may be repeated."""

    code = "ledger_unavailable"
    transient = True


class LedgerRefusedError(LedgerError):
    """The server refused a command: a wrong password, a missing permission, a server older than Redis 7."""

    code = "ledger_refused"


class LedgerMismatchError(LedgerError):
    """The ledger holds another number of shards than the options say; its jobs would not be found."""

    code = "ledger_mismatch"

    def __init__(self, *, found: int, expected: int) -> None:
        super().__init__(f"the ledger was made with {found} shards, not {expected}; set the option to {found}")
        self.found = found
        self.expected = expected


class JobConflictError(LedgerError):
    """An idempotency key or job id was used again with another body."""

    code = "job_conflict"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id!r} exists with another body; use a new id for a new request")
        self.job_id = job_id
