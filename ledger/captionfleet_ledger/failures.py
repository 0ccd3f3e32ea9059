"""The Redis client's exceptions in the ledger's own terms."""

from collections.abc import Generator
from contextlib import contextmanager

from redis.exceptions import AuthenticationError, ResponseError

from captionfleet_ledger.errors import (
    LedgerFullError,
    LedgerRefusedError,
    LedgerRefusesError,
    LedgerUnavailableError,
)

PASSING = frozenset(
    {
        "ASK",
        "BUSY",
        "CLUSTERDOWN",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "MOVED",
        "NOREPLICAS",
        "OOM",
        "READONLY",
        "TRYAGAIN",
        "UNBLOCKED",
    }
)
"""Error codes of a server that is restarting, failing over, full or busy, or a cluster that moves a shard: https://redis.io/docs/latest/commands/."""

FULL = "OOM"
FULL_ADVICE = (
    "the ledger is full: raise maxmemory of its server, or keep ended jobs for fewer days "
    "(CAPTIONFLEET_RETENTION_DAYS); until then it takes no new jobs, and running jobs are brought to their end"
)


@contextmanager
def translated(*but: type[Exception]) -> Generator[None]:
    """Let no exception of the Redis client out, `but` those that say something else; nothing else may be called inside.

    Raises:
        LedgerUnavailableError: the server cannot be reached, or cannot do it now.
        LedgerFullError: it has no room for it.
        LedgerRefusesError: the server does not accept the command.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, (LedgerUnavailableError, *but)):
            raise
        # The client has no one base for its errors: a connection that breaks at a bad moment, or a proxy's odd answer,
        # comes out of it as an AttributeError or a ValueError too.
        raise translation(error) from error


@contextmanager
def opening() -> Generator[None]:
    """Whoever opens a ledger that refuses him has a wrong setting, which waiting does not mend.

    Raises:
        LedgerRefusedError: instead of LedgerRefusesError.
    """
    try:
        yield
    except LedgerRefusesError as error:
        raise LedgerRefusedError(str(error)) from error


def translation(error: Exception) -> LedgerUnavailableError:
    """The ledger's error for one of the Redis client's."""
    if _is_refusal(error):
        return LedgerRefusesError(f"the ledger's server refused a command: {error}")
    if isinstance(error, ResponseError) and _code(error) == FULL:
        return LedgerFullError(f"{FULL_ADVICE} ({error})")
    return LedgerUnavailableError(f"the ledger does not answer: {error}")


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, AuthenticationError) or (isinstance(error, ResponseError) and _code(error) not in PASSING)


def _code(error: ResponseError) -> str:
    return error.status_code or str(error).partition(" ")[0]
