"""Decode a file to its end and say what it is. Runs in the child."""

from pathlib import Path

from captionfleet_workers.media import xing
from captionfleet_workers.media.batch import Batch, batched
from captionfleet_workers.media.demux import Audio, has_decoder, open_audio
from captionfleet_workers.media.facts import Inspection, Refusal
from captionfleet_workers.media.fingerprint import Fingerprint
from captionfleet_workers.media.formats import codec_name, container_name
from captionfleet_workers.media.peak import Peak

_STATING = frozenset({"wav", "w64", "flac", "mp4", "mov", "3gp", "3g2", "aiff", "caf", "asf"})
"""Containers whose header states a length; for the rest FFmpeg guesses or finds it at the file's end."""
_LOST_SHARE = 0.02
_LOST_SECONDS = 0.15


def measure(path: Path, max_seconds: float, max_values: int) -> Inspection:
    """Inspect a file by decoding it.

    Raises:
        Refusal: there is no sound in it that can be decoded, or more than `max_seconds` of it, or more than
            `max_values` samples of all channels.
    """
    with open_audio(path) as audio:
        heard = _Heard(Fingerprint(audio.stream))
        for batch in batched(audio.frames(max_seconds, heard.fingerprint.add_packet)):
            heard.add(batch)
            if heard.values > max_values:
                raise _too_much(max_values)
        return _facts(path, audio, heard)


class _Heard:
    """What the samples say."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.peak = Peak()
        self.fingerprint = fingerprint
        self.channels = self.sample_rate = self.values = 0

    def add(self, batch: Batch) -> None:
        self.peak.add(batch)
        self.fingerprint.add(batch)
        self.values += batch.samples.size
        # What decodes counts: an HE-AAC header states half the rate, and parametric stereo one channel.
        _, channels, sample_rate = batch.shape
        self.channels = max(self.channels, channels)
        self.sample_rate = max(self.sample_rate, sample_rate)


def _too_much(max_values: int) -> Refusal:
    return Refusal(
        "audio_too_long", f"the file unpacks to more than {max_values:,} samples, more than it may by its size"
    )


def _facts(path: Path, audio: Audio, heard: _Heard) -> Inspection:
    container = container_name(audio.container.format.name, audio.container.metadata.get("major_brand", ""), audio.head)
    codec = codec_name(audio.stream.codec_context.codec.canonical_name)
    stated = _stated_seconds(path, container, audio, heard.sample_rate)
    return Inspection(
        container=container,
        codec=codec,
        channels=heard.channels,
        sample_rate=heard.sample_rate,
        seconds=audio.seconds,
        samples=audio.samples,
        samples_sha256=heard.fingerprint.hexdigest(),
        header_seconds=stated,
        bit_rate=audio.stream.bit_rate or round(path.stat().st_size * 8 / audio.seconds),
        peak_dbfs=heard.peak.dbfs,
        silent=heard.peak.silent,
        errors=audio.errors,
        damaged=bool(audio.errors) or _is_short(audio.seconds, stated),
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
    return any(
        not (has_decoder(stream) and stream.codec_context.codec.name in {"mjpeg", "png"})
        for stream in audio.container.streams.video
    )
