"""The hash by which the same audio is known in another container. Runs in the child."""

import hashlib

import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet

from captionfleet_workers.media.batch import Batch, Shape


class Fingerprint:
    """Collects what was decoded and hashes it.

    Of lossless codecs that is the samples, each channel by itself, so that neither their order in memory nor the size
    of frames matters: WAV, FLAC and ALAC of the same audio are equal. Samples of lossy codecs are told by the packets
    that they are decoded from: containers differ in how much of an encoder's padding they have a decoder trim, and
    decoders differ in the last bit from processor to processor.
    """

    def __init__(self, stream: AudioStream) -> None:
        codec = stream.codec_context
        self._lossless = codec.codec.lossless
        self._packets = hashlib.sha256(codec.codec.canonical_name.encode() + (codec.extradata or b""))
        self._whole = hashlib.sha256()
        self._shape: Shape | None = None
        self._channels = [hashlib.sha256()]

    def add_packet(self, packet: "Packet[AudioStream]") -> None:
        """Take one packet in."""
        if not self._lossless:
            self._packets.update(packet)

    def add(self, batch: Batch) -> None:
        """Take one batch in."""
        if batch.shape != self._shape:
            self._end_run()
            self._shape = batch.shape
            self._channels = [hashlib.sha256() for _ in batch.samples]
        if self._lossless:
            for channel, samples in zip(self._channels, batch.samples, strict=True):
                channel.update(np.ascontiguousarray(samples).data)

    def hexdigest(self) -> str:
        """The hash of everything added, its rates and channels included."""
        self._end_run()
        self._whole.update(self._packets.digest() if not self._lossless else b"")
        return self._whole.hexdigest()

    def _end_run(self) -> None:
        if self._shape is not None:
            self._whole.update(repr(self._shape).encode())
            for channel in self._channels:
                self._whole.update(channel.digest())
        self._shape = None
