"""Breaks files and sends each through media children; counts how they end."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from random import Random

import psutil

from captionfleet_workers.errors import PermanentError
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.cut import cut
from captionfleet_workers.media.facts import ChildLimits, Slice, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.transcode import transcode
from tests.fuzz.mutate import broken

LIMITS = ChildLimits(
    wall_seconds=30.0, cpu_seconds=10, memory_bytes=1 << 29, output_bytes=1 << 28, max_audio_seconds=3600.0
)
GRACE_SECONDS = 15.0
_TARGET = Target(channels=1, sample_rate=16_000, bit_rate=24_000)
_AT_ONCE = 3


@dataclass
class Balance:
    """How the files ended."""

    verdicts: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    """Whatever is no verdict on a file, with the number of the file."""
    slowest_seconds: float = 0.0
    files: int = 0

    @property
    def hangs(self) -> bool:
        """A call took longer than its limit and the time to end a child."""
        return self.slowest_seconds > LIMITS.wall_seconds + GRACE_SECONDS


def run(folder: Path, seeds: Sequence[bytes], *, seed: int, files: int, seconds: float) -> Iterator[Balance]:
    """Break files and have them decoded, a few at a time.

    Args:
        folder: for the files, which do not stay.
        seeds: contents to start from, each used in turn.
        seed: of the random numbers; a file is made of this and its own number.
        files: how many.
        seconds: no further file is begun after so many.

    Yields:
        The balance so far, after each file.
    """
    balance = Balance()
    children = Children(LIMITS, at_once=_AT_ONCE)
    ends = time.monotonic() + seconds
    numbers = iter(range(files))
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def started(count: int) -> set[Future[tuple[str, str, float]]]:
            return {pool.submit(_decode, folder, seeds, seed, number, children) for number in islice(numbers, count)}

        going = started(_AT_ONCE)
        while going:
            done, going = wait(going, return_when=FIRST_COMPLETED)
            for future in done:
                _add(balance, *future.result())
                yield balance
            going |= started(len(done) if time.monotonic() < ends else 0)


def _add(balance: Balance, verdict: str, unexpected: str, seconds: float) -> None:
    balance.files += 1
    balance.verdicts[verdict] += 1
    balance.slowest_seconds = max(balance.slowest_seconds, seconds)
    balance.unexpected += [unexpected] if unexpected else []


def left_behind() -> list[str]:
    """Names of processes below this one's fork server, whose children decode."""
    servers = [child for child in psutil.Process().children() if any("forkserver" in word for word in child.cmdline())]
    return [child.name() for server in servers for child in server.children(recursive=True)]


def _decode(folder: Path, seeds: Sequence[bytes], seed: int, number: int, children: Children) -> tuple[str, str, float]:
    random = Random(f"{seed}.{number}")
    path = folder / str(number)
    path.write_bytes(broken(seeds[number % len(seeds)], random, seeds))
    began = time.monotonic()
    try:
        verdict, unexpected = _used(path, folder, random, children), ""
    except PermanentError as refusal:
        verdict, unexpected = _named(refusal), ""
    except Exception as error:  # noqa: BLE001  the point of the run is to see it
        verdict, unexpected = type(error).__name__, f"{number}: {error!r}"
    finally:
        path.unlink()
    return verdict, unexpected, time.monotonic() - began


def _named(refusal: PermanentError) -> str:
    # A crash, a time limit and a lack of memory are of one code, and worth telling apart here.
    marks = ("crashed", "took longer", "CPU time", "more memory")
    return " ".join([refusal.code.value, *(mark for mark in marks if mark in refusal.message)])


def _used(path: Path, folder: Path, random: Random, children: Children) -> str:
    found = inspect(path, children=children)
    verdict = "readable, damaged" if found.damaged else "readable"
    end = random.randrange(found.samples) + 1
    part = random.choice((None, Slice(end // 2, end)))
    # Half of the parts are entered in the middle, also of files that a worker would read from their beginning.
    enter = found.enterable or random.random() < 0.5
    if random.random() < 0.5:
        cut(
            path,
            parts=random.choice((2, 7, 2000)),
            longest=random.choice((None, end)),
            children=children,
            within=part,
            enter=enter,
            track=found.track,
        )
    else:
        target = replace(_TARGET, one_channel=random.choice((None, found.one_channel)))
        encoded, _ = transcode(
            path, into=folder, target=target, children=children, part=part, enter=enter, track=found.track
        )
        encoded.unlink()
    return verdict
