"""The Redis client's exceptions in the ledger's own terms."""

import pytest
from redis import exceptions

from captionfleet_ledger import LedgerError, LedgerFullError, LedgerRefusedError, LedgerUnavailableError
from captionfleet_ledger.failures import translated, translation

UNAVAILABLE = [
    exceptions.ConnectionError("reset"),
    exceptions.TimeoutError("too slow"),
    exceptions.BusyLoadingError("loading"),
    exceptions.ReadOnlyError("replica", status_code="READONLY"),
    exceptions.MasterDownError("MASTERDOWN Link with MASTER is down"),
    exceptions.ResponseError("MISCONF cannot persist"),
    exceptions.ResponseError("BUSY a script runs"),
    OSError("no route"),
]
REFUSED = [
    exceptions.AuthenticationError("wrong password"),
    exceptions.NoPermissionError("this user has no permissions", status_code="NOPERM"),
    exceptions.ResponseError("WRONGTYPE Operation against a key"),
    exceptions.ResponseError("ERR unknown command"),
]


@pytest.mark.parametrize("error", UNAVAILABLE, ids=repr)
def test_what_passes(error: Exception) -> None:
    """A server that is away, restarting, full or failing over can be asked again."""
    found = translation(error)

    assert isinstance(found, LedgerUnavailableError)
    assert (found.transient, found.code) == (True, "ledger_unavailable")


def test_a_full_server_says_what_to_do() -> None:
    """Nobody has to look up what OOM means."""
    found = translation(exceptions.OutOfMemoryError("command not allowed", status_code="OOM"))

    assert isinstance(found, LedgerFullError)
    assert (found.transient, found.code) == (True, "ledger_full")
    assert "raise maxmemory" in str(found)


@pytest.mark.parametrize("error", REFUSED, ids=repr)
def test_what_stays(error: Exception) -> None:
    """A refusal will be the same the next time."""
    found = translation(error)

    assert isinstance(found, LedgerRefusedError)
    assert (found.transient, found.code) == (False, "ledger_refused")


def test_no_exception_of_the_client_gets_out() -> None:
    """The ledger's error carries the cause."""
    cause = exceptions.ConnectionError("reset")

    with pytest.raises(LedgerError) as caught, translated():
        raise cause

    assert caught.value.__cause__ is cause
