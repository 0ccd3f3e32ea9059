"""Run once in the fork server on import: what is done here, no child has to do again.

The first use of a codec builds its tables and binds its library's functions; forked children inherit both. Freezing
the collector keeps it from touching, and thereby copying, the memory that children share.
"""

import gc
import tempfile
import wave
from pathlib import Path

from captionfleet_workers.media.encode import encode
from captionfleet_workers.media.facts import Target
from captionfleet_workers.media.measure import measure

_TARGET = Target(channels=1, sample_rate=16_000, bit_rate=24_000)


def preheat() -> None:
    """Encode and decode half a second of silence."""
    with tempfile.TemporaryDirectory(prefix="captionfleet-") as folder:
        source, encoded = Path(folder) / "source", Path(folder) / "encoded"
        with wave.open(str(source), "wb") as output:
            output.setparams((1, 2, _TARGET.sample_rate, 0, "NONE", "not compressed"))
            output.writeframes(bytes(_TARGET.sample_rate))
        encode(source, encoded, _TARGET, max_seconds=1.0)
        measure(encoded, max_seconds=1.0)
    gc.collect()
    gc.freeze()


preheat()
