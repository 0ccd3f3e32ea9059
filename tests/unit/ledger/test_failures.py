"""The Redis client's exceptions in the ledger's own terms."""

import pytest
from redis import exceptions

from captionfleet_ledger import (
    LedgerError,
    LedgerFullError,
    LedgerRefusedError,
    LedgerRefusesError,
    LedgerUnavailableError,
)
from captionfleet_ledger.failures import opening, translated, translation

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
    exceptions.AuthenticationError("Authentication required.", status_code="NOAUTH"),
    exceptions.NoScriptError("No matching script.", status_code="NOSCRIPT"),
    exceptions.ExecAbortError("Transaction discarded", status_code="EXECABORT"),
    exceptions.ResponseError("DENIED Redis is running in protected mode"),
    exceptions.ResponseError("ERR Error running script (call to f_1): user_script:1: Script killed by user"),
    exceptions.ResponseError("ERR The user executing the script can't run this command or subcommand"),
    exceptions.ResponseError("a word that no server of today knows"),
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
def test_what_an_operator_ends(error: Exception) -> None:
    """A refusal says nothing about a job: who holds one keeps it, as in any other outage."""
    found = translation(error)

    assert isinstance(found, LedgerUnavailableError)
    assert (type(found), found.transient, found.code) == (LedgerRefusesError, True, "ledger_refuses")


@pytest.mark.parametrize("error", REFUSED, ids=repr)
def test_what_stays(error: Exception) -> None:
    """Whoever opens a ledger is refused the next time too, until a setting is changed."""
    with pytest.raises(LedgerRefusedError) as caught, opening(), translated():
        raise error

    assert (caught.value.transient, caught.value.code) == (False, "ledger_refused")
    assert not isinstance(caught.value, LedgerUnavailableError)


@pytest.mark.parametrize(
    "error", [AttributeError("'NoneType' has no attribute 'recv'"), ValueError("closed"), TypeError()]
)
def test_a_client_that_stumbles(error: Exception) -> None:
    """What the Redis client raises besides its own errors, when its connection breaks at a bad moment, is no other."""
    with pytest.raises(LedgerUnavailableError) as caught, translated():
        raise error

    assert caught.value.__cause__ is error


def test_no_exception_of_the_client_gets_out() -> None:
    """The ledger's error carries the cause."""
    cause = exceptions.ConnectionError("reset")

    with pytest.raises(LedgerError) as caught, translated():
        raise cause

    assert caught.value.__cause__ is cause
