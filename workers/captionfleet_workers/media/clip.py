"""A part of a stream of frames, exact to the sample. Runs in the child."""

from collections.abc import Iterable, Iterator

from av.audio.frame import AudioFrame

from captionfleet_workers.media.batch import plane_bytes
from captionfleet_workers.media.facts import Slice


def clipped(frames: Iterable[AudioFrame], part: Slice | None, at: int = 0) -> Iterator[AudioFrame]:
    """The frames of one part, the first and the last of them shortened; all frames when there is no part.

    It takes no more frames than it needs. `at` is the number of the first sample that comes.
    """
    if part is None:
        yield from frames
        return
    for frame in frames:
        start, end = max(part.start - at, 0), min(part.end - at, frame.samples)
        at += frame.samples
        if start < end:
            yield frame if end - start == frame.samples else _shortened(frame, start, end)
        if at >= part.end:
            return


def _shortened(frame: AudioFrame, start: int, end: int) -> AudioFrame:
    # Made from bytes: PyAV's way through numpy knows fewer sample formats.
    short = AudioFrame(format=frame.format, layout=frame.layout, samples=end - start)
    short.sample_rate = frame.sample_rate
    sample = plane_bytes(frame) // frame.samples
    for target, source in zip(short.planes, frame.planes, strict=True):
        target.update(bytes(memoryview(source)[start * sample : end * sample]))
    return short
