"""Memory of a worker with 40 calls of 7 MB audio in flight, against 40 calls of a small file."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from captionfleet_producers import Submission
from tests.benchmarks import contenders
from tests.benchmarks.stand import SMALL_AUDIO, Stand

CALLS = 40
LARGE_BYTES = 7_000_000
RATE = 16_000


@dataclass(frozen=True)
class Memory:
    """Peaks of the worker's resident memory, in megabytes."""

    small_mb: float
    large_mb: float

    @property
    def growth_per_call(self) -> float:
        """Megabytes that each large call added."""
        return (self.large_mb - self.small_mb) / CALLS


def measure(stand: Stand) -> Memory:
    """Run both batches through one worker, the small one first."""
    settings = contenders.fleet_settings(stand, CALLS, database=4, file_roots=f"{stand.folder},{SMALL_AUDIO.parent}")
    large = _write_wav(stand.folder / "large.wav")
    with contenders.running_fleet_worker(stand, settings) as process:
        small_mb = _peak(settings, process, SMALL_AUDIO)
        return Memory(small_mb, _peak(settings, process, large))


def _peak(settings: dict[str, str], process: psutil.Process, audio: Path) -> float:
    with contenders.client_of(settings) as client:
        jobs = client.submit_many([Submission(audio=audio.as_uri()) for _ in range(CALLS)])
        results = list(client.wait_many([job.unwrap().id for job in jobs], 120))
    assert all(result.caption for result in results)
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _write_wav(path: Path) -> Path:
    samples = (np.sin(np.arange(LARGE_BYTES // 2) * 0.05) * 8000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return path
