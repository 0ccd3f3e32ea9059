"""Long recordings made of tones with pauses between them: cheap to make, to decode and to cut."""

import math
import struct
import wave
from pathlib import Path

RATE = 8000
TONE_SECONDS, PAUSE_SECONDS = 4, 1
PERIOD_SECONDS = TONE_SECONDS + PAUSE_SECONDS
LOUD, SOFT = 12_000, 8


def write_bursts(path: Path, seconds: int, *, silent: tuple[int, int] | None = None) -> Path:
    """Write a WAV in which every five seconds hold four of a tone and one of next to nothing.

    Args:
        path: of the new file.
        seconds: its length.
        silent: a stretch of digital silence, from second to second.
    """
    first, last = silent or (seconds, seconds)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        for second in range(seconds):
            file.writeframes(bytes(2 * RATE) if first <= second < last else _second(second))
    return path


def _second(number: int) -> bytes:
    period, place = divmod(number, PERIOD_SECONDS)
    return _SECONDS[place >= TONE_SECONDS][period % len(_PITCHES)]


_PITCHES = (220, 330, 440, 550, 660, 770)


def _tone(pitch: int, loudness: int) -> bytes:
    return struct.pack(
        f"<{RATE}h", *(int(loudness * math.sin(2 * math.pi * pitch * sample / RATE)) for sample in range(RATE))
    )


_SECONDS = {soft: [_tone(pitch, SOFT if soft else LOUD) for pitch in _PITCHES] for soft in (False, True)}
