"""What one inspection may take, by the size of its file: no more than audio of that size can need.

Measured over the formats of `tests/audio`: decoding takes 0.01 to 1.4 s of CPU for each megabyte, and for each byte
there are 0.2 to 12 samples. Opus at 6 kbit/s takes 5 s a megabyte and has 64 samples a byte; silence as FLAC's
own encoder writes it has about 600. A file made to unpack to as much as possible has 14,500.
"""

from dataclasses import replace

from captionfleet_workers.media.facts import ChildLimits

CPU_SECONDS = 30
CPU_SECONDS_PER_MEGABYTE = 30
VALUES = 3600 * 2 * 48_000
"""Samples of all channels: an hour of stereo, however small its file."""
VALUES_PER_BYTE = 1000


def by_size(limits: ChildLimits, size: int) -> ChildLimits:
    """The limits of a child that inspects a file of `size` bytes; never more than it would have anyway."""
    cpu_seconds = CPU_SECONDS + CPU_SECONDS_PER_MEGABYTE * size // 1_000_000
    return replace(
        limits,
        cpu_seconds=min(limits.cpu_seconds, cpu_seconds),
        max_values=min(limits.max_values, VALUES + VALUES_PER_BYTE * size),
    )
