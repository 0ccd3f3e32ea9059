"""Children are confined, and their end is understood."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import MachineError, PermanentError
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.recognition import machine_fault
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import ChildLimits
from captionfleet_workers.media.inspect import inspect
from tests.descriptors import no_more_files
from tests.functional.media import misbehaving
from tests.polling import until

AUDIO = Path(__file__).parents[2] / "audio"
ROOMY = Children()
TIGHT = Children(ChildLimits(wall_seconds=20.0, cpu_seconds=1, memory_bytes=1 << 28, output_bytes=1 << 20))

WITH_TESTS = {**os.environ, "PYTHONPATH": str(AUDIO.parents[1])}
KEPT = {"PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH"}


def descendants() -> set[int]:
    """Processes below this one that are no lasting servers."""
    servers = psutil.Process().children()
    return {child.pid for server in servers for child in server.children(recursive=True)}


@pytest.mark.parametrize(
    ("task", "arguments", "says"),
    [
        (misbehaving.eat_memory, (), "more memory"),
        (misbehaving.spin, (), "more than 1 s of CPU"),
        (misbehaving.crash, (signal.SIGSEGV,), "SIGSEGV"),
        (misbehaving.crash, (signal.SIGABRT,), "SIGABRT"),
        (misbehaving.stumble, (), "KeyError"),
        (misbehaving.open_many, (), "OSError"),
    ],
    ids=["memory", "cpu", "segfault", "abort", "exception", "files"],
)
def test_misbehaviour_is_the_files_fault(task: Callable[..., object], arguments: tuple[int, ...], says: str) -> None:
    """The worker survives what a file does to its child, and the job fails with a sentence."""
    before = descendants()

    with pytest.raises(PermanentError, match=says) as raised:
        TIGHT.run(task, *arguments)

    assert raised.value.code is FailureCode.AUDIO_DAMAGED
    assert descendants() <= before


def test_hanging_child_is_ended() -> None:
    """A child that does not come back is not waited for, and does not stay."""
    before = descendants()
    impatient = Children(ChildLimits(wall_seconds=0.3))

    with pytest.raises(PermanentError, match=r"longer than 0\.3 s"):
        impatient.run(misbehaving.hang)

    assert descendants() <= before


def test_killed_child_is_tried_again() -> None:
    """The system short of memory kills too: that is no verdict on the file."""
    with pytest.raises(MachineError, match="ended from outside"):
        TIGHT.run(misbehaving.crash, signal.SIGKILL)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENOSPC, MachineFault.DISK_FULL),
        (errno.EDQUOT, MachineFault.DISK_FULL),
        (errno.EROFS, MachineFault.DISK_BROKEN),
        (errno.ENOENT, MachineFault.DISK_BROKEN),
        (errno.ENFILE, MachineFault.DESCRIPTORS),
    ],
)
def test_what_the_machine_lacks_is_not_the_files_fault(number: int, fault: MachineFault) -> None:
    """A child that cannot write or open says so, instead of calling the audio damaged."""
    with pytest.raises(MachineError) as raised:
        TIGHT.run(misbehaving.be_refused, number)

    assert raised.value.fault is fault


def test_no_memory_at_all_is_not_the_files_fault() -> None:
    """Where the machine has no memory for even a little, the file has not asked for too much."""
    with pytest.raises(MachineError) as raised:
        ROOMY.run(misbehaving.find_no_memory)

    assert raised.value.fault is MachineFault.MEMORY


def test_worker_out_of_descriptors_does_not_blame_the_file(children: Children) -> None:
    """No pipe to a child can be made."""
    children.check()
    with no_more_files(), pytest.raises(OSError, match="Too many open files") as raised:
        inspect(AUDIO / "clips" / "misc_crow.flac", children=children)

    assert machine_fault(raised.value) is MachineFault.DESCRIPTORS
    children.check()


def test_disk_is_not_filled(tmp_path: Path) -> None:
    """A child writes no more than allowed."""
    path = tmp_path / "large"

    with pytest.raises(PermanentError, match="OSError"):
        TIGHT.run(misbehaving.fill_disk, str(path))

    assert path.stat().st_size <= 1 << 20


def test_lost_fork_server_is_replaced(children: Children) -> None:
    """A signal to the whole process group takes the fork server along; the next file starts another."""
    source = AUDIO / "clips" / "misc_crow.flac"
    inspect(source, children=children)
    servers = [child for child in psutil.Process().children() if "forkserver" in " ".join(child.cmdline())]
    for server in servers:
        server.terminate()
    until(lambda: all(server.status() == psutil.STATUS_ZOMBIE for server in servers), "the fork server has ended")

    found = inspect(source, children=children)

    assert servers
    assert found.codec == "flac"


def test_child_holds_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """No program or environment of the worker, no library that talks to broker, ledger or model, no network."""
    secrets = {"CAPTIONFLEET_MODEL_API_KEY": "secret", "DASHSCOPE_API_KEY": "secret"}
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys, celery, openai\n"
        "from captionfleet_workers.media.child import Children\n"
        "from tests.functional.media import misbehaving\n"
        "os.environ['PROGRAM_RUNS'] = os.environ.get('PROGRAM_RUNS', '') + 'x'\n"
        "print(json.dumps([Children().run(misbehaving.look_around, int(sys.argv[1])), os.environ['PROGRAM_RUNS']]))\n"
    )

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        run = subprocess.run(
            [sys.executable, program, port],
            env=WITH_TESTS | secrets,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    report, runs = json.loads(run.stdout)
    assert runs == "x"
    assert report["environment"] == []
    assert set(report["started_with"]) <= KEPT
    assert report["reaches"] is False
    assert report["core_bytes"] == 0
    assert not {"celery", "kombu", "openai", "httpx2", "redis", "pydantic"} & set(report["modules"])


def test_no_helper_keeps_the_environment() -> None:
    """Neither fork server nor resource tracker has it, nor a tracker that takes the place of one that was killed."""
    program = (
        "import json, psutil, warnings\n"
        "from multiprocessing import resource_tracker\n"
        "from captionfleet_workers.media.child import Children\n"
        "def helpers():\n"
        "    return {helper.pid: sorted(helper.environ()) for helper in psutil.Process().children()}\n"
        "warnings.simplefilter('ignore')\n"
        "Children().warm()\n"
        "first = helpers()\n"
        "killed = psutil.Process(resource_tracker._resource_tracker._pid)\n"
        "killed.kill()\n"
        "killed.wait()\n"
        "resource_tracker.ensure_running()\n"
        "print(json.dumps([first, helpers()]))\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program],
        env=WITH_TESTS | {"CAPTIONFLEET_MODEL_API_KEY": "secret"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    first, second = json.loads(run.stdout)
    assert len(first) == len(second) == 2
    assert first != second
    assert all(set(variables) <= KEPT for helpers in (first, second) for variables in helpers.values())


def test_children_end_with_their_worker(tmp_path: Path) -> None:
    """A worker that is killed leaves no child behind, not even one that hangs."""
    program = tmp_path / "program.py"
    program.write_text(
        "from captionfleet_workers.media.child import Children\n"
        "from tests.functional.media import misbehaving\n"
        "Children().run(misbehaving.hang)\n"
    )
    worker = psutil.Popen([sys.executable, program], env=WITH_TESTS)
    try:
        until(lambda: len(worker.children(recursive=True)) == 3, "tracker, fork server and child run")
        family = worker.children(recursive=True)
    finally:
        worker.kill()
        worker.wait(timeout=10)

    _, alive = psutil.wait_procs(family, timeout=10)

    assert not alive
