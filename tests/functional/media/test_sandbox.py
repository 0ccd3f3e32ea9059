"""Media children cannot ask the kernel for what decoding does not need."""

import errno
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import ChildLimits, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.sandbox import calls, seccomp
from captionfleet_workers.media.transcode import transcode
from tests.functional.media import misbehaving

AUDIO = Path(__file__).parents[2] / "audio"
LIMITS = ChildLimits()
ALLOWED, EPERM, ENOSYS, KILLED = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS, 0x80000000
MACHINES = {"x86_64": (0xC000003E, {"read": 0, "openat": 257}), "aarch64": (0xC00000B7, {"read": 63, "openat": 56})}


@pytest.mark.parametrize("name", misbehaving.ATTEMPTS)
def test_what_decoding_does_not_need_is_refused(children: Children, name: str) -> None:
    """No socket of any kind, no other program or process, no hand on the worker, no file removed."""
    assert children.run(misbehaving.attempt, name) == {"outcome": "EPERM"}


@pytest.mark.parametrize("name", ["socket", "local socket", "socket pair", "another program", "signal to the parent"])
def test_the_same_is_possible_outside(name: str) -> None:
    """So it is the filter that refuses, and not this machine."""
    assert misbehaving.attempt(LIMITS, name).outcome == "done"


def test_decoding_and_encoding_go_on(children: Children, tmp_path: Path) -> None:
    """Also in threads, of Python and of the library."""
    source = AUDIO / "clips" / "misc_crow.flac"

    found = inspect(source, children=children)
    target = Target(channels=1, sample_rate=16_000, bit_rate=24_000)
    path, _ = transcode(source, into=tmp_path, target=target, children=children)

    assert found.codec == "flac"
    assert path.stat().st_size > 1000
    assert children.run(misbehaving.decode_in_threads, str(source), 4) == {"outcome": "4 done"}


def test_a_crash_is_still_a_crash(children: Children) -> None:
    """A library ends its own process by a signal to itself; that is allowed, and told as before."""
    with pytest.raises(PermanentError, match="SIGABRT") as raised:
        children.run(misbehaving.crash, signal.SIGABRT)

    assert raised.value.code is FailureCode.AUDIO_DAMAGED


def answer(machine: str, call: int, first: int = 0, *, architecture: int | None = None) -> int:
    """What the filter says to a call, by running its program as the kernel does."""
    data = {0: call, 4: MACHINES[machine][0] if architecture is None else architecture, 16: first}
    instructions = seccomp.program(machine, os.getpid())
    loaded, at = 0, 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        match code:
            case 0x20:
                loaded = data[operand]
            case 0x06:
                return operand
            case _:
                is_true = {0x15: loaded == operand, 0x35: loaded >= operand, 0x45: bool(loaded & operand)}[code]
                at += if_true if is_true else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_the_program_says_what_the_table_says(machine: str) -> None:
    """On both architectures, whichever this machine has; a call of another architecture ends the child."""

    def number(name: str, table: dict[str, calls.Numbers]) -> int:
        found: Any = getattr(table[name], machine)
        return int(found)

    refused = [found for one in calls.GIVEN_UP.values() if (found := getattr(one, machine)) is not None]
    kill, limits, clone = (
        number("kill", calls.TO_ITSELF),
        number("prlimit64", calls.ABOUT_ITSELF),
        number("clone", calls.THREADS_ALONE),
    )

    assert {answer(machine, one) for one in refused} == {EPERM}
    assert {answer(machine, one) for one in MACHINES[machine][1].values()} == {ALLOWED}
    assert answer(machine, number("clone3", calls.UNKNOWN)) == ENOSYS
    assert [answer(machine, kill, pid) for pid in (os.getpid(), os.getppid(), 0xFFFFFFFF)] == [ALLOWED, EPERM, EPERM]
    assert [answer(machine, limits, pid) for pid in (0, os.getppid())] == [ALLOWED, EPERM]
    assert [answer(machine, clone, flags) for flags in (0x3D0F00, 0x1200011)] == [ALLOWED, EPERM]
    assert answer(machine, 0x40000000 + 41) == EPERM
    assert answer(machine, 0, architecture=0x40000003) == KILLED


@pytest.mark.parametrize("machine", MACHINES)
def test_no_number_stands_twice(machine: str) -> None:
    """A slip in the table would refuse one call for another."""
    tables = (calls.GIVEN_UP, calls.TO_ITSELF, calls.ABOUT_ITSELF, calls.THREADS_ALONE, calls.UNKNOWN)
    numbers = [found for table in tables for one in table.values() if (found := getattr(one, machine)) is not None]

    assert len(numbers) == len(set(numbers))
    assert not set(numbers) & set(MACHINES[machine][1].values())


def test_other_architectures_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a table there is no filter, and everything else is as before."""
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    assert seccomp.give_up_calls() == "no table of system calls for riscv64"


def test_a_worker_says_once_that_there_is_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on decoding, and its log is not filled with it."""
    unfiltered = Children()
    outcome = {"value": {}, "unfiltered": "the kernel refuses a filter"}
    monkeypatch.setattr(unfiltered, "_answer", lambda *_: dict(outcome))

    with capture_logs() as lines:
        for _ in range(3):
            unfiltered.run(misbehaving.stumble)

    assert [(line["event"], line["reason"]) for line in lines] == [("media.no_seccomp", outcome["unfiltered"])]
