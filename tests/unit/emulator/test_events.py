import pytest

from captionfleet_emulator.listen.events import Side, find_onsets, find_pulse, find_repetition
from tests.unit.emulator.signals import frames, knocks, noise, rest, sine

EVEN = [0.3 + 0.5 * n for n in range(11)]
UNEVEN = [0.3, 0.5, 1.4, 1.6, 2.9, 3.1, 3.3, 4.9]
RHYTHM = [0.25 * n + 0.1 for n in range(32) if n % 8 not in (1, 5, 6)]


def test_even_knocks_repeat() -> None:
    """Knocks every half second are counted, with interval and extent."""
    repetition = find_repetition(frames(knocks(6, EVEN)))

    assert repetition is not None
    assert repetition.count == 11
    assert repetition.shortest == pytest.approx(0.5, abs=0.02)
    assert repetition.longest == pytest.approx(0.5, abs=0.02)
    assert repetition.start == pytest.approx(0.3, abs=0.03)
    assert repetition.end == pytest.approx(5.3, abs=0.03)
    assert repetition.side is None


@pytest.mark.parametrize(
    ("left", "right", "side"), [(1.0, 0.2, Side.LEFT), (0.2, 1.0, Side.RIGHT), (1.0, 0.98, Side.CENTRE)]
)
def test_side_of_knocks(left: float, right: float, side: Side) -> None:
    """The side is that of the knocks, whatever louder sound stands elsewhere."""
    signal = knocks(6, EVEN)
    hum = sine(6, 200, 0.05)

    repetition = find_repetition(frames(left * signal + hum, right * signal + hum))

    assert repetition is not None
    assert repetition.side is side


@pytest.mark.parametrize(
    "signal", [knocks(6, UNEVEN), noise(6), sine(6, 440), rest(6), knocks(6, EVEN[:4])], ids=range(5)
)
def test_nothing_regular(signal: object) -> None:
    """Uneven knocks, steady sounds, silence and too few knocks are not called regular."""
    measured = frames(signal)  # type: ignore[arg-type]  # parametrised

    assert find_repetition(measured) is None


def test_pulse_beneath_a_rhythm() -> None:
    """A rhythm with gaps has the pulse of its grid, or of every second beat."""
    pulse = find_pulse(frames(knocks(8.2, RHYTHM)))

    assert pulse is not None
    assert any(pulse.per_minute == pytest.approx(beats, rel=0.03) for beats in (60, 120))


def test_no_pulse() -> None:
    """Steady noise, uneven knocks and sounds too short have no pulse."""
    signals = (noise(8), knocks(6, UNEVEN), knocks(1.2, [0.1, 0.4, 0.7, 1.0]))

    assert [find_pulse(frames(signal)) for signal in signals] == [None, None, None]


def test_onsets_of_nothing() -> None:
    """Where nothing begins there are no onsets."""
    assert find_onsets(frames(rest(1)).onset, 0.01) == []
    assert find_onsets(frames(rest(1)).onset[:0], 0.01) == []
