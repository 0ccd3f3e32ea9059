"""Run once in the fork server on import: what is done here, no child has to do again.

The first use of a codec builds its tables and binds its library's functions; forked children inherit both. Freezing
the collector keeps it from touching, and thereby copying, the memory that children share.
"""

import gc
import os
import wave
from pathlib import Path

from captionfleet_workers.media.confine import leave_signals_to_the_worker
from captionfleet_workers.media.encode import encode
from captionfleet_workers.media.facts import Target
from captionfleet_workers.media.measure import measure

_TARGET = Target(channels=1, sample_rate=16_000, bit_rate=24_000)


def preheat() -> None:
    """Encode and decode half a second of silence, in memory: the disk may be read-only."""
    with open(os.memfd_create("source"), "wb") as source, open(os.memfd_create("encoded"), "wb") as encoded:  # noqa: PTH123  files without a path
        with wave.open(source, "wb") as output:
            output.setparams((1, 2, _TARGET.sample_rate, 0, "NONE", "not compressed"))
            output.writeframes(bytes(_TARGET.sample_rate))
        source.flush()
        encode(_path(source.fileno()), _path(encoded.fileno()), _TARGET, max_seconds=1.0)
        measure(_path(encoded.fileno()), max_seconds=1.0, max_values=1_000_000)
    gc.collect()
    gc.freeze()


def _path(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}")


leave_signals_to_the_worker()
preheat()
