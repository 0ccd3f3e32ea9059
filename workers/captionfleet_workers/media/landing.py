"""Beginning in the middle of a file, exact to the sample. Runs in the child.

Only where that is certain: the containers below number the samples of lossless packets, and such a file has decoded to
just as many samples as its header states. Everything else is decoded from its beginning, as an index of lossy packets
tells neither a decoder's delay nor what it needs to have heard before.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from av.audio.frame import AudioFrame

from captionfleet_workers.media.demux import Audio, open_audio
from captionfleet_workers.media.facts import Refusal, Slice

_RUN_UP_SECONDS = 1.0


@contextmanager
def open_part(path: Path, part: Slice | None, *, enter: bool, track: int = 0) -> Generator[tuple[Audio, int]]:
    """Open a file for one part of it, and say which sample comes first: 0, or with `enter` one shortly before the part.

    Raises:
        Refusal: as `open_audio`.
    """
    with open_audio(path, track) as audio:
        if part is None or not enter:
            yield audio, 0
            return
        with open_audio(path, track) as trial:
            at = _land(trial, audio, part.start)
        yield audio, at


def _land(trial: Audio, audio: Audio, sample: int) -> int:
    """Move an open file to a little before a sample, if a trial shows where that leads.

    Args:
        trial: the same file, opened once more; of no further use.
        audio: which is moved, or left at its beginning.
        sample: that is to come.

    Returns:
        The number of the first sample that comes now; 0 where the file has not been moved.
    """
    first = _first_after(trial, sample)
    at = _number_of(first, trial) if first else 0
    if not 0 < at <= sample:
        return 0
    _seek(audio, sample)
    return at


def _first_after(trial: Audio, sample: int) -> AudioFrame | None:
    try:
        _seek(trial, sample)
        return next(trial.frames(float("inf")), None)
    except (Refusal, OSError, ValueError):
        # A file that cannot be entered in its middle can still be read from its beginning.
        return None


def _seek(audio: Audio, sample: int) -> None:
    rate = audio.stream.codec_context.sample_rate
    assert audio.stream.time_base is not None
    seconds = max(sample / rate - _RUN_UP_SECONDS, 0.0)
    audio.container.seek(int(seconds / audio.stream.time_base), stream=audio.stream)


def _number_of(frame: AudioFrame, audio: Audio) -> int:
    """Which sample of the file a frame begins with; -1 where its time is none or falls between two samples."""
    if frame.pts is None or frame.time_base is None:
        return -1
    number = (frame.pts - (audio.stream.start_time or 0)) * frame.time_base * frame.sample_rate
    return int(number) if number.denominator == 1 else -1
