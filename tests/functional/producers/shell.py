"""The command line, run as users run it: `captionfleet …` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("captionfleet")
URL = "https://example.com/a.mp3"


def captionfleet(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """A command that goes on until the test ends it."""
    # A shell starts what runs in its background deaf to Ctrl-C, and so would be all that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def drawn_by(*arguments: str, out: Path) -> str:
    """What a command draws on a terminal that is its stderr, while its stdout is a file."""
    screen, terminal = os.openpty()
    drawn = b""
    with out.open("w") as lines, subprocess.Popen([PROGRAM, *arguments], stdout=lines, stderr=terminal):
        os.close(terminal)
        # The end of a pseudo-terminal is an error on Linux.
        with suppress(OSError):
            while chunk := os.read(screen, 65_536):
                drawn += chunk
    os.close(screen)
    return drawn.decode()


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one a line."""
    return [json.loads(line) for line in text.splitlines()]
