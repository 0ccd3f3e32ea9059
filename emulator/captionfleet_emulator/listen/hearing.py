"""Listening to one file, in a process that may load the media libraries."""

from pathlib import Path

from captionfleet_emulator.audio.decode import open_sound
from captionfleet_emulator.errors import MediaError, MediaFault
from captionfleet_emulator.listen.ears import Ears
from captionfleet_emulator.listen.frames import Frames, collect_frames
from captionfleet_emulator.listen.listeners import Heard
from captionfleet_emulator.listen.prose import describe
from captionfleet_emulator.listen.scene import listen
from captionfleet_emulator.listen.wave import Wave, WaveRecorder
from captionfleet_schemas.catalogue import Limits

MIN_SECONDS = 0.1


def hear(path: Path, sha256: str, limits: Limits, ears: Ears) -> Heard | MediaFault:
    """Decode, take in and describe a file, or say why it is refused. The same hash brings the same words."""
    try:
        frames, wave = read_sound(path, limits, for_models=ears.tagger is not None)
    except MediaError as error:
        return error.media_fault
    return Heard(frames.seconds, describe(listen(frames, wave, ears), sha256))


def read_sound(path: Path, limits: Limits, *, for_models: bool) -> tuple[Frames, Wave]:
    """Decode a file once, to frames and to what the models take, which without models is not kept.

    Raises:
        MediaError: it is empty or too short, too long, or not decodable.
    """
    if not path.stat().st_size:
        raise MediaError(MediaFault.EMPTY)
    with open_sound(path, limits) as sound:
        recorder = WaveRecorder(sound.rate, sound.channels)
        blocks = recorder.record(sound.blocks()) if for_models else sound.blocks()
        frames = collect_frames(blocks, sound.rate, sound.channels, sound.source_channels)
    if frames.seconds < MIN_SECONDS:
        raise MediaError(MediaFault.EMPTY)
    return frames, recorder.wave()
