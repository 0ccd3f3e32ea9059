"""The way into the ledger: opened when it is first needed, its errors told in the client's own words."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

from captionfleet_ledger import (
    JobConflictError,
    Ledger,
    LedgerError,
    LedgerFullError,
    LedgerNotSafeError,
    LedgerOptions,
    LedgerRefusesError,
    LedgerUnavailableError,
    UnreadableJobError,
)
from captionfleet_producers import errors
from captionfleet_producers.settings import ProducerSettings


class LedgerAccess:
    """Makes one `Ledger` for all threads of a process, so that a service can start while its ledger is still down."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._ledger: Ledger | None = None
        self._opening = Lock()

    @contextmanager
    def open(self) -> Generator[Ledger]:
        """The ledger, for one or a few calls.

        Raises:
            LedgerUnavailableError: it does not answer.
            SubmissionConflictError: the id is taken by another job.
            InvalidSettingsError: it can be reached but not be used.
        """
        try:
            yield self._connected()
        except LedgerError as error:
            raise told(error) from error

    def close(self) -> None:
        """Close all connections."""
        if self._ledger is not None:
            self._ledger.close()

    def _connected(self) -> Ledger:
        with self._opening:
            if self._ledger is None:
                self._ledger = _connect(self._settings)
            return self._ledger


def _connect(settings: ProducerSettings) -> Ledger:
    options = LedgerOptions(
        shards=settings.ledger_shards,
        retention_days=settings.retention_days,
        lost_after=settings.lost_after,
        replicas=settings.ledger_replicas,
        replicas_timeout=settings.ledger_replicas_timeout,
    )
    try:
        return Ledger.connect(settings.redis_url.get_secret_value(), options=options)
    except ValueError as error:
        raise errors.InvalidSettingsError(f"CAPTIONFLEET_REDIS_URL: {error}") from None


def told(error: LedgerError) -> errors.ProducerError:
    """The client's error for one of the ledger's."""
    match error:
        case JobConflictError():
            return errors.SubmissionConflictError(error.job_id)
        case LedgerFullError() | LedgerNotSafeError():
            return errors.LedgerUnavailableError(str(error))
        case LedgerRefusesError():
            return errors.LedgerUnavailableError(
                f"{str(error).rstrip('.')}: see that CAPTIONFLEET_REDIS_URL has the password of its server, and the "
                "user the permissions, then do the same again"
            )
        case LedgerUnavailableError():
            return errors.LedgerUnavailableError(
                f"{str(error).rstrip('.')}: see that CAPTIONFLEET_REDIS_URL is right and its server runs, "
                "then do the same again"
            )
        case UnreadableJobError():
            return errors.NewerReleaseError(f"{error}: use a newer client")
        case _:
            return errors.InvalidSettingsError(f"the ledger cannot be used: {error}")
