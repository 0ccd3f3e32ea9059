"""The test stand: a Valkey, an emulator that takes two seconds for each answer, and a sink."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.functional.emulator.process import Emulator, running_emulator
from tests.servers import Server, valkey_server

LATENCY_SECONDS = 2.0
SMALL_AUDIO = Path(__file__).parents[1] / "audio" / "formats" / "cbr.mp3"


@dataclass(frozen=True)
class Stand:
    """What both contenders work against."""

    folder: Path
    server: Server
    emulator: Emulator
    sink: str

    @property
    def answered(self) -> int:
        """Calls that the emulator has answered."""
        total: int = self.emulator.log()["total"]
        return total


@contextmanager
def running_stand() -> Generator[Stand]:
    """Everything runs until the block ends."""
    with TemporaryDirectory(prefix="captionfleet-bench-") as name, valkey_server(Path(name) / "valkey") as server:
        folder = Path(name)
        options = ("--latency", str(LATENCY_SECONDS))
        with (
            running_emulator(folder, *options, CAPTIONFLEET_EMULATOR_LOGGED_REQUESTS="1") as emulator,
            _running_sink() as sink,
        ):
            yield Stand(folder, server, emulator, sink)


@contextmanager
def _running_sink() -> Generator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.sink", str(SMALL_AUDIO)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()
