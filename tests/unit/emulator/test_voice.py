import numpy as np
import pytest

from captionfleet_emulator.listen.events import Side
from captionfleet_emulator.listen.room import Room, find_room
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.speech import find_place
from captionfleet_emulator.listen.voice import Ending, Melody, Register, measure_voice
from captionfleet_emulator.listen.wave import Wave
from tests.unit.emulator.signals import RATE, Signal, frames, noise, rest

ALL = (Span(0, 2),)


def hum(hertz: float, last: float | None = None, sway: float = 0.0) -> Signal:
    """Two seconds of a buzz with many harmonics, whose pitch sways by semitones and ends at `last`."""
    time = np.arange(2 * RATE) / RATE
    glide = np.interp(time, [0, 1.6, 1.7, 2], [0, 0, 1, 1]) * 12 * np.log2((last or hertz) / hertz)
    pitch = hertz * 2 ** ((glide + sway * np.sin(2 * np.pi * 1.5 * time)) / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    signal: Signal = np.sum([0.3 / number * np.sin(number * phase) for number in range(1, 12)], axis=0).astype(
        np.float32
    )
    return signal


def wave(signal: Signal) -> Wave:
    """A sound as the models take it."""
    return Wave((signal * 32_767).astype(np.int16))


@pytest.mark.parametrize(
    ("hertz", "register"),
    [(90, Register.LOW), (160, Register.MIDDLE), (220, Register.HIGH), (340, Register.VERY_HIGH)],
)
def test_register(hertz: float, register: Register) -> None:
    """The pitch is found within two per cent, and the voice named by it."""
    voice = measure_voice(wave(hum(hertz)), ALL)

    assert voice is not None
    assert voice.hertz == pytest.approx(hertz, rel=0.02)
    assert voice.register is register


@pytest.mark.parametrize(("sway", "melody"), [(0, Melody.FLAT), (4, Melody.ORDINARY), (8, Melody.LIVELY)])
def test_melody(sway: float, melody: Melody) -> None:
    """How far the pitch moves is told in three words."""
    voice = measure_voice(wave(hum(150, sway=sway)), ALL)

    assert voice is not None
    assert voice.melody is melody


@pytest.mark.parametrize(("last", "ending"), [(150, Ending.RISING), (90, Ending.FALLING), (118, None)])
def test_ending(last: float, ending: Ending | None) -> None:
    """A rise or fall by more than two semitones at the end is heard."""
    voice = measure_voice(wave(hum(120, last)), ALL)

    assert voice is not None
    assert voice.ending is ending


def test_noise_has_no_voice() -> None:
    """Of noise no pitch is claimed."""
    assert measure_voice(wave(noise(2)), ALL) is None


@pytest.mark.parametrize(("left", "right", "place"), [(1, 1, Side.CENTRE), (1, 0.3, Side.LEFT), (0.3, 1, Side.RIGHT)])
def test_place(left: float, right: float, place: Side) -> None:
    """The voice stands where it is louder."""
    assert find_place(frames(left * hum(100), right * hum(100)), ALL) is place


def test_mono_has_no_place() -> None:
    """In mono nothing stands anywhere."""
    assert find_place(frames(hum(100)), ALL) is None


@pytest.mark.parametrize(("seconds", "room"), [(0.25, Room.DRY), (0.5, Room.SMALL), (1.2, Room.LARGE)])
def test_room(seconds: float, room: Room) -> None:
    """Bursts that fall by 60 dB within so many seconds tell of the room."""
    burst = noise(1.0) * 10 ** (-3 * np.arange(RATE) / RATE / seconds)

    assert find_room(frames(np.tile(burst.astype(np.float32), 5))) is room


def test_no_decay_no_room() -> None:
    """Steady noise tells nothing of a room."""
    assert find_room(frames(np.concatenate([rest(0.5), noise(2)]))) is None
