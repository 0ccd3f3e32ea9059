"""The ladder of MP3 forms, from the richest to the one that always fits, and the choice among them."""

from captionfleet_workers.media.facts import Inspection, Target

PREFIX = "data:;base64,"
"""What stands before base64 in a request, without a media type, as the documented examples have it."""

_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_OVERHEAD_BYTES = 8_192
"""Encoder delay, padding and the header frame, amply."""

# (channels, highest sample rate in hertz, bits per second)
_LADDER = (
    (2, 48_000, 192_000),
    (2, 48_000, 160_000),
    (2, 48_000, 128_000),
    (2, 44_100, 112_000),
    (2, 44_100, 96_000),
    (2, 32_000, 80_000),
    (2, 32_000, 64_000),
    (2, 24_000, 56_000),
    (2, 24_000, 48_000),
    (2, 22_050, 40_000),
    (2, 16_000, 32_000),
    (1, 48_000, 96_000),
    (1, 48_000, 80_000),
    (1, 44_100, 64_000),
    (1, 32_000, 56_000),
    (1, 32_000, 48_000),
    (1, 24_000, 40_000),
    (1, 24_000, 32_000),
    (1, 16_000, 24_000),
)
"""Stereo is given up last of all before bandwidth falls below that of speech: the model reports where sounds stand and
what the room is like. The last step holds 40 minutes in 9.6 million characters of base64."""


def inline_chars(size: int) -> int:
    """Characters that a file of `size` bytes takes inside a request, prefix and padding included."""
    return len(PREFIX) + 4 * ((size + 2) // 3)


def mp3_bytes(seconds: float, bit_rate: int) -> int:
    """The most that an MP3 of constant bit rate takes."""
    return int(seconds * bit_rate / 8) + _OVERHEAD_BYTES


def richest(inspection: Inspection, max_chars: int) -> Target | None:
    """The first step of the ladder that fits, never with more channels or bandwidth than the source has."""
    most_channels = inspection.channels if inspection.one_channel is None else 1
    for channels, top_rate, bit_rate in _LADDER:
        target = _target(inspection, top_rate, bit_rate, channels)
        if channels <= most_channels and inline_chars(mp3_bytes(inspection.seconds, target.bit_rate)) < max_chars:
            return target
    return None


def _target(inspection: Inspection, top_rate: int, bit_rate: int, channels: int) -> Target:
    ceiling = min(top_rate, inspection.sample_rate)
    rate = max((rate for rate in _MP3_RATES if rate <= ceiling), default=_MP3_RATES[0])
    return Target(
        channels=channels,
        sample_rate=rate,
        bit_rate=min(bit_rate, _most_bits(rate)),
        one_channel=inspection.one_channel,
    )


def _most_bits(sample_rate: int) -> int:
    # MPEG-1 goes up to 320 kbit/s, MPEG-2 to 160, and LAME keeps MPEG-2.5 to 64.
    if sample_rate >= _MP3_RATES[6]:
        return 320_000
    return 160_000 if sample_rate >= _MP3_RATES[3] else 64_000
