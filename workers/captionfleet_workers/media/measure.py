"""Decode a file to its end and say what it is. Runs in the child."""

import math
from dataclasses import replace
from pathlib import Path

from av.audio.stream import AudioStream
from av.packet import Packet

from captionfleet_workers.media import xing
from captionfleet_workers.media.batch import Batch, batched
from captionfleet_workers.media.cancel import Cancellation
from captionfleet_workers.media.demux import Audio, has_decoder, open_audio, tracks_of
from captionfleet_workers.media.facts import Inspection, Refusal
from captionfleet_workers.media.fingerprint import Fingerprint
from captionfleet_workers.media.formats import codec_name, container_name
from captionfleet_workers.media.peak import Peak
from captionfleet_workers.media.source.ending import missing_bytes

_STATING = frozenset({"wav", "w64", "flac", "mp4", "mov", "3gp", "3g2", "aiff", "caf", "asf", "wv"})
"""Containers whose header states a length; for the rest FFmpeg guesses or finds it at the file's end."""
_LOST_SHARE = 0.02
_LOST_SECONDS = 0.15
_EXACT = frozenset({"flac", "wv"})
"""Containers that state the number of their samples."""
_XING_ITSELF = 1
"""Some encoders count the frame that the header is in."""
_QUIET_DBFS = -60.0
"""A track that stays below sounds to nobody, so that the next one is listened to."""
_MOST_TRACKS = 16


def measure(path: Path, max_seconds: float, max_values: int) -> Inspection:
    """Inspect a file by decoding it: the first of its tracks that sounds.

    Raises:
        Refusal: there is no sound in it that can be decoded, or more than `max_seconds` of it, or more than
            `max_values` samples of all channels.
    """
    with open_audio(path) as audio:
        tracks = tracks_of(audio.container)[:_MOST_TRACKS]
    looked = list[Inspection | Refusal]()
    for track in tracks:
        looked.append(one := _look(path, max_seconds, max_values, track))
        if _settles(one):
            break
        max_values -= one.samples * one.channels if isinstance(one, Inspection) else 0
    found = [one for one in looked if isinstance(one, Inspection)]
    return max(found, key=_loudness) if found else _found(looked[0])


def _look(path: Path, max_seconds: float, max_values: int, track: int) -> Inspection | Refusal:
    """What one track holds."""
    with open_audio(path, track) as audio:
        heard = _Heard(Fingerprint(audio.stream))
        try:
            for batch in batched(audio.frames(max_seconds, heard.see)):
                heard.add(batch)
                if heard.values > max_values:
                    return _too_much(max_values)
        except Refusal as refusal:
            return refusal
        return replace(_facts(path, audio, heard), track=track)


def _found(outcome: Inspection | Refusal) -> Inspection:
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _settles(outcome: Inspection | Refusal) -> bool:
    """Whether there is no need to listen to another track."""
    too_long = isinstance(outcome, Refusal) and outcome.code == "audio_too_long"
    return too_long or (isinstance(outcome, Inspection) and _loudness(outcome) > _QUIET_DBFS)


def _loudness(found: Inspection) -> float:
    return -math.inf if found.peak_dbfs is None else found.peak_dbfs


class _Heard:
    """What the packets and their samples say."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.peak = Peak()
        self.cancellation = Cancellation()
        self.fingerprint = fingerprint
        self.channels = self.sample_rate = self.packets = self.values = 0

    def see(self, packet: "Packet[AudioStream]") -> None:
        self.packets += packet.size > 0
        self.fingerprint.add_packet(packet)

    def add(self, batch: Batch) -> None:
        self.peak.add(batch)
        self.cancellation.add(batch)
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
    frames = xing.stated_frames(path) if container == "mp3" else None
    stated = xing.seconds(frames, heard.sample_rate) if frames else _stated_seconds(container, audio)
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
        damaged=bool(audio.errors)
        or _is_short(audio, container, stated)
        or heard.packets < (frames or 0) - _XING_ITSELF
        or _lacks_bytes(path),
        has_video=_has_video(audio),
        one_channel=heard.cancellation.one_channel,
    )


def _stated_seconds(container: str, audio: Audio) -> float | None:
    stream = audio.stream
    if container not in _STATING or stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _is_short(audio: Audio, container: str, stated: float | None) -> bool:
    if stated is None:
        return False
    if container in _EXACT:
        return audio.samples < round(stated * audio.stream.codec_context.sample_rate)
    return stated - audio.seconds > max(_LOST_SECONDS, stated * _LOST_SHARE)


def _lacks_bytes(path: Path) -> bool:
    with path.open("rb") as file:
        return missing_bytes(file, path.stat().st_size) > 0


def _has_video(audio: Audio) -> bool:
    # A cover picture is a video stream too, of a single frame.
    return any(
        not (has_decoder(stream) and stream.codec_context.codec.name in {"mjpeg", "png"})
        for stream in audio.container.streams.video
    )
