"""What can go wrong between a process and the ledger.

    LedgerError
    ├── LedgerUnavailableError      transient: not reachable, restarting, failing over, too slow
    │   ├── LedgerFullError         transient: no room for new jobs; what is in hand is still brought to its end
    │   ├── LedgerNotSafeError      transient: written, but not by so many replicas as the options ask for
    │   └── LedgerRefusesError      transient: the server answers, and does not understand or permit a command now
    ├── LedgerRefusedError          permanent: the same when the ledger is opened, which says that a setting is wrong
    ├── LedgerMismatchError         permanent: the ledger was made with another number of shards
    ├── LedgerLayoutError           permanent: a newer release has changed how the ledger is kept
    ├── UnreadableJobError          permanent: a newer release wrote the job, with what this one does not know
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


class LedgerFullError(LedgerUnavailableError):
    """The server has reached its `maxmemory`. Nothing was written."""

    code = "ledger_full"


class LedgerNotSafeError(LedgerUnavailableError):
    """The primary has written it, too few replicas have confirmed it in time. Repeat the call until they do."""

    code = "ledger_not_safe"

    def __init__(self, *, confirmed: int, asked: int) -> None:
        super().__init__(
            f"the ledger has written it, but only {confirmed} of {asked} replicas have confirmed it: a failover may "
            "lose it. Doing the same again, under the same id or idempotency key, is safe"
        )
        self.confirmed = confirmed
        self.asked = asked


class LedgerRefusesError(LedgerUnavailableError):
    """The server of a ledger that was open refuses a command: its password or a permission has changed, for example.

    No answer of a server is about a job, except what a script returns. So this is an outage like any other: the
    operator ends it, and whoever holds something keeps it and asks again.
    """

    code = "ledger_refuses"


class LedgerRefusedError(LedgerError):
    """The ledger cannot be opened: a wrong password, a missing permission, a server older than Redis 7."""

    code = "ledger_refused"


class LedgerMismatchError(LedgerError):
    """The ledger holds another number of shards than the options say; its jobs would not be found."""

    code = "ledger_mismatch"

    def __init__(self, *, found: int, expected: int) -> None:
        super().__init__(f"the ledger was made with {found} shards, not {expected}; set the option to {found}")
        self.found = found
        self.expected = expected


class LedgerLayoutError(LedgerError):
    """A newer release keeps the ledger in a way that this one does not know; it would damage it."""

    code = "ledger_layout"

    def __init__(self, *, found: int, known: int) -> None:
        super().__init__(
            f"the ledger has layout {found}, and this release knows layouts up to {known}: start the release that the "
            "other processes run, or a later one"
        )
        self.found = found
        self.known = known


class UnreadableJobError(LedgerError):
    """The ledger holds a job that a newer release wrote. Nothing is wrong with it: a newer process can read it."""

    code = "job_unreadable"

    def __init__(self, job_id: str, reason: str) -> None:
        super().__init__(
            f"job {job_id!r} says something that this release does not know ({reason}): it is for processes of the "
            "release that wrote it, or of a later one"
        )
        self.job_id = job_id
        self.reason = reason


class JobConflictError(LedgerError):
    """An idempotency key or job id was used again with another body."""

    code = "job_conflict"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id!r} exists with another body; use a new id for a new request")
        self.job_id = job_id
