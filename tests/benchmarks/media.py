"""Long audio in media children: CPU beside the ffmpeg command line, memory beside a short file, samples lost."""

import resource
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from captionfleet_workers.media import work
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.cut import cut
from captionfleet_workers.media.facts import Slice, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.transcode import transcode
from tests.benchmarks.costing import Cost, costing

MUSIC = Path(__file__).parents[1] / "audio" / "clips" / "guitar.mp3"
TARGET = Target(channels=1, sample_rate=16_000, bit_rate=24_000)
LONG_SECONDS = 2400
PARTS = 5
_RATE = 16_000
_FROM_THE_START, _ENTER = False, True
_LAST = Slice((36_000 - 600) * _RATE, 36_000 * _RATE)


@dataclass(frozen=True)
class Media:
    """Figures of one run."""

    inspect: Cost
    transcode: Cost
    ffmpeg_cpu_seconds: float | None
    """None where the command line is not installed."""
    minute: Cost
    hours: Cost
    """Inspection of a minute, and of ten hours in 1.15 GB."""
    cut_hours: Cost
    last_part: Cost
    last_part_entered: Cost
    """Transcoding the last ten minutes of them, decoded from the beginning and from shortly before."""
    lost_samples: int


def measure() -> Media:
    """Make the files, use them, remove them."""
    children = Children()
    with tempfile.TemporaryDirectory() as folder:
        music, into = _music(Path(folder, "music")), Path(folder, "encoded")
        minute, hours = _pause(Path(folder, "minute"), 60), _pause(Path(folder, "hours"), 36_000)
        return Media(
            inspect=_cost(children, work.measure, str(music)),
            transcode=_cost(children, work.encode, str(music), str(into), TARGET, None, _FROM_THE_START),
            ffmpeg_cpu_seconds=_ffmpeg(music, into),
            minute=_cost(children, work.measure, str(minute)),
            hours=_cost(children, work.measure, str(hours)),
            cut_hours=_cost(children, work.cut, str(hours), 16, None, None, _FROM_THE_START),
            last_part=_cost(children, work.encode, str(hours), str(into), TARGET, _LAST, _FROM_THE_START),
            last_part_entered=_cost(children, work.encode, str(hours), str(into), TARGET, _LAST, _ENTER),
            lost_samples=_lost(children, Path(folder)),
        )


def _cost(children: Children, task: object, *arguments: object) -> Cost:
    return Cost(**children.run(costing, task, *arguments))


def _music(path: Path) -> Path:
    # MP3 frames follow one another without a header: a file that is repeated is a longer file.
    clip = MUSIC.read_bytes()
    clip_seconds = 6.03
    with path.open("wb") as file:
        for _ in range(round(LONG_SECONDS / clip_seconds)):
            file.write(clip)
    return path


def _pause(path: Path, seconds: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, _RATE, seconds * _RATE, "NONE", "not compressed"))
        file.writeframes(b"")
    header = path.read_bytes()[:36] + b"data" + (seconds * _RATE * 2).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + seconds * _RATE * 2)  # a hole in the disk reads as zeros
    return path


def _ffmpeg(source: Path, into: Path) -> float | None:
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    options = f"-y -v quiet -nostdin -threads 1 -i {source} -ac 1 -ar 16000 -b:a 24k -threads 1 -f mp3 {into}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, *options.split()], check=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _lost(children: Children, folder: Path) -> int:
    found = inspect(MUSIC, children=children)
    slices = cut(MUSIC, parts=PARTS, longest=None, children=children)
    encoded = [transcode(MUSIC, into=folder, target=TARGET, children=children, part=part)[1] for part in slices]
    gaps = sum(abs(right.start - left.end) for left, right in pairwise(slices))
    return gaps + abs(found.samples - sum(round(one.seconds * found.sample_rate) for one in encoded))
