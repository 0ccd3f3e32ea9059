"""Small files that take long: they are bounded by their size, and make way for others."""

import os
import sys
import threading
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from captionfleet_ledger import Group
from captionfleet_schemas import FailureCode, Lane
from captionfleet_workers.errors import LeaseLostError, PermanentError
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import ChildLimits
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.turns import Asker, Turns
from tests.functional.media import misbehaving
from tests.functional.media.bombs import silent_flac
from tests.polling import until

AUDIO = Path(__file__).parents[2] / "audio"
CROW = AUDIO / "clips" / "misc_crow.flac"
BOMBS = 12


def asker_of(tenant: str) -> Asker:
    """A tenant's interactive jobs."""
    return Asker(group=Group(lane=Lane.INTERACTIVE, tenant=tenant))


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_bomb_is_decoded_no_further_than_its_size_allows(tmp_path: Path, channels: int) -> None:
    """A file that unpacks to more than audio of its size can hold is refused, long before its end."""
    path = silent_flac(tmp_path / "bomb", seconds=600, channels=channels, rate=8000)
    children = Children(ChildLimits(max_values=channels * 8000 * 60))

    with pytest.raises(PermanentError, match="unpacks to more than") as raised:
        inspect(path, children=children)

    assert raised.value.code is FailureCode.AUDIO_TOO_LONG


def test_eight_channels_of_silence_within_bounds_are_silence(children: Children, tmp_path: Path) -> None:
    """Not the kind of file is refused, but how much it unpacks to."""
    path = silent_flac(tmp_path / "short", seconds=60, channels=8)

    found = inspect(path, children=children)

    assert (found.channels, round(found.seconds), found.silent, found.damaged) == (8, 60, True, False)


@contextmanager
def twelve_bombs(children: Children, folder: Path) -> Generator[list[Future[Any]]]:
    """Inspections of one tenant that go on until the test lets them end; those that began are in `began`."""
    began, released = folder / "began", folder / "released"
    began.touch()
    with ThreadPoolExecutor(BOMBS) as pool:
        try:
            yield [
                pool.submit(
                    children.run, misbehaving.mark_and_wait, str(began), str(released), asker=asker_of("bomber")
                )
                for _ in range(BOMBS)
            ]
        finally:
            released.touch()


def begun(folder: Path) -> list[int]:
    """The processes of the bombs that began, in order."""
    return [int(line) for line in (folder / "began").read_text().split()]


def test_twelve_bombs_cost_another_tenant_one_inspection_at_most(tmp_path: Path) -> None:
    """An interactive file of another tenant is looked at while a single one of twelve has begun, which is stopped.

    Nobody lets the bombs end before; they all do afterwards, each in the one child that it began in.
    """
    children = Children(turns=Turns(1, long_seconds=0.2))
    with twelve_bombs(children, tmp_path) as bombs:
        until(lambda: begun(tmp_path), "the first bomb is being looked at")
        found = inspect(CROW, children=children, asker=asker_of("other"))
        before = begun(tmp_path)
        again = inspect(CROW, children=children, asker=asker_of("third"))

    assert found == again
    assert len(before) == 1
    assert not any(bomb.exception() for bomb in bombs)
    assert len(begun(tmp_path)) == len(set(begun(tmp_path))) == BOMBS


def test_child_of_a_lost_job_is_ended(tmp_path: Path) -> None:
    """When its job is cancelled a child does not go on, and the next one has its place."""
    children, lost = Children(at_once=1), threading.Event()
    began = tmp_path / "began"

    def check() -> None:
        if lost.is_set():
            raise LeaseLostError

    asker = Asker(group=Group(lane=Lane.INTERACTIVE, tenant="one"), check=check)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(children.run, misbehaving.mark_and_wait, str(began), str(tmp_path / "never"), asker=asker)
        until(lambda: began.exists() and begun(tmp_path), "the child runs")
        lost.set()
        found = inspect(CROW, children=children)

        assert isinstance(running.exception(), LeaseLostError)
    assert found.codec == "flac"
    assert not psutil.pid_exists(begun(tmp_path)[0])


def test_stopped_children_end_with_their_worker(tmp_path: Path) -> None:
    """A worker that is killed while one of its children is stopped leaves none behind."""
    program = tmp_path / "program.py"
    program.write_text(
        "import threading\n"
        "from captionfleet_ledger import Group\n"
        "from captionfleet_schemas import Lane\n"
        "from captionfleet_workers.media.child import Children\n"
        "from captionfleet_workers.media.turns import Asker, Turns\n"
        "from tests.functional.media import misbehaving\n"
        "children = Children(turns=Turns(1, long_seconds=0.1))\n"
        "def run(tenant):\n"
        "    asker = Asker(group=Group(lane=Lane.BULK, tenant=tenant))\n"
        "    children.run(misbehaving.hang, asker=asker)\n"
        "for tenant in ('one', 'two'):\n"
        "    threading.Thread(target=run, args=(tenant,)).start()\n"
    )
    worker = psutil.Popen([sys.executable, program], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])})
    try:
        until(lambda: _stopped(worker), "one of the children is stopped", within=90)
        family = worker.children(recursive=True)
    finally:
        worker.kill()
        worker.wait(timeout=10)

    _, alive = psutil.wait_procs(family, timeout=60)

    assert not alive


def _stopped(worker: psutil.Process) -> list[psutil.Process]:
    stopped = []
    for child in worker.children(recursive=True):
        try:
            if child.status() == psutil.STATUS_STOPPED:
                stopped.append(child)
        except psutil.NoSuchProcess:
            continue
    return stopped
