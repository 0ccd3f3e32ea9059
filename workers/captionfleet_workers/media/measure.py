"""Decode a file to its end and say what it is. Runs in the child."""

import math
from pathlib import Path

from av.audio.frame import AudioFrame

from captionfleet_workers.media import xing
from captionfleet_workers.media.demux import Audio, open_audio
from captionfleet_workers.media.facts import Inspection, Refusal
from captionfleet_workers.media.formats import codec_name, container_name
from captionfleet_workers.media.peak import Peak

_SILENCE = 2.0**-15
"""One step of 16-bit audio against full scale (-90 dBFS)."""
_STATING = frozenset({"wav", "w64", "flac", "mp4", "mov", "3gp", "3g2", "aiff", "caf", "asf"})
"""Containers whose header states a length; for the rest FFmpeg guesses or finds it at the file's end."""
_LOST_SHARE = 0.02
_LOST_SECONDS = 0.15


def measure(path: Path, max_seconds: float) -> Inspection:
    """Inspect a file by decoding it.

    Raises:
        Refusal: there is no sound in it that can be decoded, or more than `max_seconds` of it.
    """
    with open_audio(path) as audio:
        meter = Meter()
        for frame in audio.frames():
            meter.add(frame)
            if meter.seconds > max_seconds:
                raise Refusal("audio_too_long", f"the audio is longer than {max_seconds / 3600:g} hours")
        if not meter.seconds:
            raise _nothing(audio)
        return _facts(path, audio, meter)


class Meter:
    """Adds up what decoded frames hold."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.peak = Peak()
        self.channels = 0
        self.sample_rate = 0

    def add(self, frame: AudioFrame) -> None:
        """Count one frame in."""
        self.seconds += frame.samples / frame.sample_rate
        self.peak.add(frame)
        self.channels = max(self.channels, frame.layout.nb_channels)
        self.sample_rate = max(self.sample_rate, frame.sample_rate)


def _nothing(audio: Audio) -> Refusal:
    if audio.errors:
        return Refusal("audio_damaged", f"none of the audio can be decoded ({audio.errors} packets failed)")
    return Refusal("audio_empty", "the file holds no audio samples")


def _facts(path: Path, audio: Audio, meter: Meter) -> Inspection:
    container = container_name(audio.container.format.name, audio.container.metadata.get("major_brand", ""), audio.head)
    codec = codec_name(audio.stream.codec_context.codec.canonical_name)
    peak = meter.peak.value()
    stated = _stated_seconds(path, container, audio, meter.sample_rate)
    return Inspection(
        container=container,
        codec=codec,
        channels=meter.channels,
        sample_rate=meter.sample_rate,
        seconds=meter.seconds,
        header_seconds=stated,
        bit_rate=audio.stream.bit_rate or round(path.stat().st_size * 8 / meter.seconds),
        peak_dbfs=20 * math.log10(peak) if peak else None,
        silent=peak < _SILENCE,
        errors=audio.errors,
        damaged=bool(audio.errors) or _is_short(meter.seconds, stated),
        has_video=_has_video(audio),
    )


def _stated_seconds(path: Path, container: str, audio: Audio, sample_rate: int) -> float | None:
    if container == "mp3":
        return xing.stated_seconds(path, sample_rate)
    stream = audio.stream
    if container not in _STATING or stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _is_short(seconds: float, stated: float | None) -> bool:
    return stated is not None and stated - seconds > max(_LOST_SECONDS, stated * _LOST_SHARE)


def _has_video(audio: Audio) -> bool:
    # A cover picture is a video stream too, of a single frame.
    return any(stream.codec_context.codec.name not in {"mjpeg", "png"} for stream in audio.container.streams.video)
