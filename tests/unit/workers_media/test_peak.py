"""The highest sample, in every sample format that decoders give."""

import numpy as np
import pytest
from av.audio.frame import AudioFrame

from captionfleet_workers.media.batch import batched
from captionfleet_workers.media.peak import Peak

FORMATS = {
    "u8": ("u1", 128, 128),
    "s16": ("i2", 0, 1 << 15),
    "s32": ("i4", 0, 1 << 31),
    "flt": ("f4", 0, 1),
    "dbl": ("f8", 0, 1),
}


def frame(name: str, left: float, right: float, *, planar: bool = False) -> AudioFrame:
    """Half a frame of left and right at their values, the rest at zero; odd in length, so that planes are padded."""
    sample_type, middle, scale = FORMATS[name]
    samples = np.full((101, 2), middle, dtype=sample_type)
    samples[50] = middle + np.array([left, right]) * scale
    shaped = samples.T.copy() if planar else samples.reshape(1, -1)
    return AudioFrame.from_ndarray(shaped, format=f"{name}p" if planar else name, layout="stereo")


def peak_of(*frames: AudioFrame) -> Peak:
    peak = Peak()
    for batch in batched(frames):
        peak.add(batch)
    return peak


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("left", "right"), [(0.5, 0.0), (0.0, -0.5), (0.25, -0.5), (-1.0, 0.0)])
def test_peak_is_found_in_any_channel_and_direction(name: str, left: float, right: float, *, planar: bool) -> None:
    """Full scale is 1, also for the lowest integer, whose magnitude has no positive twin."""
    peak = peak_of(frame(name, left, right, planar=planar))

    assert peak.value == pytest.approx(max(abs(left), abs(right)))


def test_formats_may_change_and_broken_samples_are_left_out() -> None:
    """The peak is that of everything, and what is no number has none."""
    peak = peak_of(frame("s16", 0.25, 0.0), frame("flt", 0.75, 0.0), frame("u8", 0.5, 0.0), frame("flt", np.nan, 0.0))

    assert peak.value == pytest.approx(0.75)


def test_broken_samples_do_not_hide_others() -> None:
    """One that is no number leaves the rest of its batch heard."""
    broken = frame("flt", np.nan, 0.5)

    assert peak_of(broken).value == pytest.approx(0.5)


def test_nothing_has_no_peak() -> None:
    """Without samples the peak is zero."""
    peak = peak_of()

    assert (peak.value, peak.dbfs, peak.silent) == (0.0, None, True)
