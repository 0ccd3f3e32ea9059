"""The two ways to run the whole stack on one machine, as a user runs them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "tests" / "audio" / "formats" / "cbr.mp3"


def descendants(marker: str) -> list[psutil.Process]:
    """Every process that has this marker in its environment."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("STACK_TEST") == marker:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_demo_of_one_file() -> None:
    """`make demo AUDIO=…` captions the file, verifies its webhook, shows the worker in Flower, and leaves nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "compose.local.demo", str(CLIP)],
        cwd=ROOT,
        env=os.environ | {"STACK_TEST": "demo"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("cbr.mp3  succeeded", "tokens", "cost $", "plan", "webhook  1 verified", "Flower shows the worker"):
        assert said in done.stdout
    assert descendants("demo") == []


def test_up_until_interrupted(tmp_path: Path) -> None:
    """`make up` says how to use the fleet, and Ctrl-C stops everything."""
    with subprocess.Popen(
        [sys.executable, "-m", "compose.local.up"],
        cwd=tmp_path,
        env=os.environ | {"STACK_TEST": "up", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as stack:
        assert stack.stdout is not None
        said = stack.stdout.readline()
        running = {" ".join(process.cmdline()) for process in descendants("up")}

        stack.send_signal(signal.SIGINT)

        assert stack.wait(timeout=60) == 0
    assert said.startswith("The fleet is up")
    for part in ("valkey-server", "captionfleet-worker", "captionfleet-emulator", "captionfleet-flower", "listen"):
        assert any(part in command for command in running), part
    assert descendants("up") == []
