import wave
from pathlib import Path

import pytest

from captionfleet_emulator.errors import MediaFault
from captionfleet_emulator.listen.ears import Ears
from captionfleet_emulator.listen.hearing import hear
from captionfleet_emulator.listen.listeners import Heard
from captionfleet_schemas.catalogue import Limits

RATE = 8000


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "sound.wav"


def write_tone(path: Path, samples: int, channels: int = 1) -> None:
    """Write a square wave."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes((b"\x60" * channels * 10 + b"\xa0" * channels * 10) * (samples // 20))


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (0, MediaFault.EMPTY),
        (RATE // 10 - 20, MediaFault.EMPTY),
        (RATE // 10, None),
        (2 * RATE, None),
        (2 * RATE + 20, MediaFault.TOO_LONG),
    ],
)
def test_shortest_and_longest(sound: Path, samples: int, fault: MediaFault | None) -> None:
    """A tenth of a second is heard, and so is the longest duration to the sample; beyond both is refused."""
    write_tone(sound, samples)

    heard = hear(sound, "ab" * 32, Limits(max_seconds=2), Ears())

    if fault is None:
        assert isinstance(heard, Heard)
        assert heard.seconds == samples / RATE
    else:
        assert heard is fault


def test_more_than_two_channels(sound: Path) -> None:
    """A recording of six channels is heard, and said to have six."""
    write_tone(sound, RATE, channels=6)

    heard = hear(sound, "ab" * 32, Limits(), Ears())

    assert isinstance(heard, Heard)
    assert "in six channels" in heard.caption


def test_empty_file(sound: Path) -> None:
    """A file without a byte is empty."""
    sound.touch()

    assert hear(sound, "ab" * 32, Limits(), Ears()) is MediaFault.EMPTY


def test_channels_that_cancel_each_other_out(sound: Path) -> None:
    """Left upside down on the right is sound to listen to, not silence and not a failure."""
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes((b"\x60\xa0" * 10 + b"\xa0\x60" * 10) * (2 * RATE // 20))

    heard = hear(sound, "ab" * 32, Limits(), Ears())

    assert isinstance(heard, Heard)
    assert "silence" not in heard.caption
