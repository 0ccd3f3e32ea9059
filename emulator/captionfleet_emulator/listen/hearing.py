"""Listening to one file, in a process that may load the media libraries."""

from pathlib import Path

from captionfleet_emulator.audio.decode import open_sound
from captionfleet_emulator.errors import MediaError, MediaFault
from captionfleet_emulator.listen.frames import Frames, collect_frames
from captionfleet_emulator.listen.listeners import Heard
from captionfleet_emulator.listen.measures import measure
from captionfleet_emulator.listen.prose import describe
from captionfleet_schemas.catalogue import Limits

MIN_SECONDS = 0.1


def hear(path: Path, sha256: str, limits: Limits) -> Heard | MediaFault:
    """Decode, measure and describe a file, or say why it is refused. The same hash brings the same words."""
    try:
        frames = read_frames(path, limits)
    except MediaError as error:
        return error.media_fault
    return Heard(frames.seconds, describe(measure(frames), sha256))


def read_frames(path: Path, limits: Limits) -> Frames:
    """Decode a file to frames.

    Raises:
        MediaError: it is empty or too short, too long, or not decodable.
    """
    if not path.stat().st_size:
        raise MediaError(MediaFault.EMPTY)
    with open_sound(path, limits) as sound:
        frames = collect_frames(sound.blocks(), sound.rate, sound.channels, sound.source_channels)
    if frames.seconds < MIN_SECONDS:
        raise MediaError(MediaFault.EMPTY)
    return frames
