"""Which exceptions say that the machine is at fault, however deep they lie."""

import errno
import socket
import ssl
from itertools import pairwise

import httpx2
import openai
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from captionfleet_ledger import LedgerUnavailableError
from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, MachineError, PermanentError
from captionfleet_workers.lifecycle.faults import POLICIES, MachineFault
from captionfleet_workers.lifecycle.recognition import machine_fault, suspected_fault
from captionfleet_workers.model.classification import report_of_error

REQUEST = httpx2.Request("POST", "https://example.com/v1")
NO_FILES = OSError(errno.EMFILE, "Too many open files")


def caused(*chain: BaseException) -> BaseException:
    """The first of these, which came of the second, and so on."""
    for later, earlier in pairwise(chain):
        later.__cause__ = earlier
    return chain[0]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.ENOSPC, ""), MachineFault.DISK_FULL),
        (OSError(errno.EDQUOT, ""), MachineFault.DISK_FULL),
        (OSError(errno.EROFS, ""), MachineFault.DISK_BROKEN),
        (NO_FILES, MachineFault.DESCRIPTORS),
        (OSError(errno.ENFILE, ""), MachineFault.DESCRIPTORS),
        (OSError(errno.ENOMEM, ""), MachineFault.MEMORY),
        (MemoryError(), MachineFault.MEMORY),
        (RuntimeError("can't start new thread"), MachineFault.THREADS),
        (MachineError(MachineFault.CHILD, ""), MachineFault.CHILD),
        (caused(AudioUnavailableError("no"), httpx2.ConnectError("no"), OSError(errno.EMFILE, "")), "descriptors"),
        (caused(LedgerUnavailableError("away"), RedisConnectionError("no"), OSError(errno.EMFILE, "")), "descriptors"),
        (caused(PermanentError(FailureCode.AUDIO_UNREACHABLE, "no"), OSError(errno.ENFILE, "")), "descriptors"),
    ],
)
def test_machine_is_at_fault(error: BaseException, fault: MachineFault) -> None:
    """What the system refuses to this process is nobody else's doing, whatever has been made of the error since."""
    assert machine_fault(error) == fault


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        RuntimeError("no"),
        OSError("without a number"),
        OSError(errno.ECONNRESET, ""),
        OSError(errno.EIO, ""),
        FileNotFoundError(errno.ENOENT, ""),
        ssl.SSLError(errno.ENOMEM, "a number of OpenSSL's own"),
        socket.gaierror(socket.EAI_NONAME, "no such name"),
        PermanentError(FailureCode.AUDIO_DAMAGED, "no"),
    ],
)
def test_machine_is_not_at_fault(error: BaseException) -> None:
    """Anything else says nothing of the machine."""
    assert machine_fault(error) is None


def test_an_error_met_while_another_was_dealt_with_counts_also_where_it_is_hidden() -> None:
    """Code that raises anew inside `except` keeps what led to it, even by `from None`, as a connection pool does."""
    met = ValueError("new")
    met.__context__, met.__suppress_context__ = OSError(errno.ENOSPC, ""), True

    assert machine_fault(met) is MachineFault.DISK_FULL


def test_causes_that_run_in_a_circle_end() -> None:
    """An exception may be raised from one that came of it."""
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one

    assert machine_fault(one) is None


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (caused(AudioUnavailableError("no"), httpx2.ConnectError("no"), socket.gaierror(-3, "later")), "dns"),
        (caused(AudioUnavailableError("no"), httpx2.ConnectTimeout("no")), "network"),
        (caused(AudioUnavailableError("no"), OSError(errno.ENETUNREACH, "")), "network"),
        (AudioUnavailableError("status 503"), None),
        (caused(AudioUnavailableError("no"), httpx2.ReadTimeout("no")), None),
    ],
)
def test_what_may_be_the_machine(error: BaseException, fault: str | None) -> None:
    """A name that is not resolved, or a connection that is not made, has two sides; an answer has one."""
    assert suspected_fault(error) == fault


def test_call_that_fails_of_the_machine_is_no_failure_of_the_model() -> None:
    """As the openai client wraps it: two layers above the system's own error."""
    error = openai.APIConnectionError(request=REQUEST)
    caused(error, httpx2.ConnectError("All connection attempts failed"), NO_FILES)

    with pytest.raises(MachineError) as raised:
        report_of_error(error, now=0.0)

    assert raised.value.fault is MachineFault.DESCRIPTORS


def test_each_fault_has_a_policy() -> None:
    """Nobody who steps aside leaves his operator without a word."""
    assert set(POLICIES) == set(MachineFault)
    assert all(policy.means.endswith(".") and policy.remedy.endswith(".") for policy in POLICIES.values())
