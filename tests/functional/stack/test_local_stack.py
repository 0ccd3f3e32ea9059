"""The two ways to run the whole stack on one machine, as a user runs them."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from compose.local.private import write_private
from compose.local.readiness import StackError
from compose.local.stack import plan, running

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "tests" / "audio" / "formats" / "cbr.mp3"


def processes_in(folder: Path) -> list[str]:
    """Command lines of all processes that belong to a stack in this folder: Valkey works there, others are told so."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(folder)) or str(folder) in str(process.environ()):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.mark.timeout(300)
def test_demo_of_one_file(tmp_path: Path) -> None:
    """`make demo AUDIO=…` captions the file, verifies its webhook, shows the worker in Flower, and leaves nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "compose.local.demo", str(CLIP)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("cbr.mp3  succeeded", "tokens", "cost $", "plan", "webhook  1 verified", "Flower shows the worker"):
        assert said in done.stdout
    assert processes_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_up_until_interrupted(tmp_path: Path) -> None:
    """`make up` says how to use the fleet, and Ctrl-C stops everything."""
    with subprocess.Popen(
        [sys.executable, "-m", "compose.local.up"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as stack:
        assert stack.stdout is not None
        said = stack.stdout.readline()
        running = processes_in(tmp_path)
        files = [path for path in (tmp_path / ".local").rglob("*") if path.is_file()]
        open_to_others = [path for path in (*files, tmp_path / ".local/stack") if path.stat().st_mode & 0o077]

        stack.send_signal(signal.SIGINT)

        assert stack.wait(timeout=60) == 0
    assert said.startswith("The fleet is up")
    assert {"env", "supervisord.conf", "worker.log"} <= {path.name for path in files}
    assert open_to_others == []
    for part in ("valkey-server", "captionfleet-worker", "captionfleet-emulator", "captionfleet-flower", "listen"):
        assert any(part in command for command in running), part
    assert processes_in(tmp_path) == []


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_a_file_with_secrets_is_closed_whatever_was_there(tmp_path: Path, mask: int) -> None:
    """An open file of an earlier run is replaced, a link is not followed, and no umask opens or shuts it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    earlier, link = tmp_path / "env", tmp_path / "link"
    earlier.write_text("open")
    earlier.chmod(0o666)
    link.symlink_to(elsewhere)
    before = os.umask(mask)
    try:
        for path in (earlier, link):
            write_private(path, "secret")
    finally:
        os.umask(before)

    assert [stat.S_IMODE(path.lstat().st_mode) for path in (earlier, link)] == [0o600, 0o600]
    assert [path.read_text() for path in (earlier, link, elsewhere)] == ["secret", "secret", "untouched"]


def test_service_that_does_not_start(tmp_path: Path) -> None:
    """The error names the service and repeats what it said last."""
    layout = plan(tmp_path, model={"CAPTIONFLEET_WORKER_CONCURRENCY": "many"})

    with pytest.raises(StackError) as failure, running(layout):
        pytest.fail("the stack is said to run")

    assert str(failure.value).startswith("worker does not start; the end of its log:")
    assert "CAPTIONFLEET_WORKER_CONCURRENCY" in str(failure.value)
    assert processes_in(tmp_path) == []
