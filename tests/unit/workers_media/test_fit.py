"""The plan for a piece of audio, as data."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_schemas import FailureCode, Route
from captionfleet_schemas.catalogue import CAPTIONER, DOCUMENTED_FORMATS, model_card
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import Fetched, Origin
from captionfleet_workers.fit import FitPlan, FitPolicy, inline_chars, plan
from captionfleet_workers.fit.steps import mp3_bytes
from captionfleet_workers.media.facts import Inspection, Target

CARD = model_card(CAPTIONER)
ORIGIN = Origin(url="https://example.com/a", content_length=1000, content_type=None, public=True)
SIGNED = replace(ORIGIN, public=False, presigned=True)
MP3 = Inspection(container="mp3", codec="mp3", channels=2, sample_rate=44_100, seconds=60.0, peak_dbfs=-3.0)
FLAC = replace(MP3, container="flac", codec="flac")
LARGE = 30_000_000
MPEG1_RATES = {32_000, 44_100, 48_000}
MP3_RATES = MPEG1_RATES | {8_000, 11_025, 12_000, 16_000, 22_050, 24_000}


def fetched(size: int = 1000, origin: Origin | None = None) -> Fetched:
    return Fetched(path=Path("a"), bytes=size, sha256="0" * 64, origin=origin)


def fit(inspection: Inspection, audio: Fetched, policy: FitPolicy | None = None) -> FitPlan:
    return plan(inspection, audio, CARD, policy or FitPolicy())


WAV = replace(MP3, container="wav", codec="pcm")
UPLOADING = FitPolicy(may_upload=True)


@pytest.mark.parametrize(
    ("inspection", "audio", "policy", "route", "because"),
    [
        (WAV, fetched(LARGE), UPLOADING, Route.UPLOAD, "temporary storage unchanged"),
        (WAV, fetched(LARGE), FitPolicy(), Route.TRANSCODED, "does not use the model's temporary storage"),
        (WAV, fetched(LARGE, ORIGIN), UPLOADING, Route.URL, "can reach it"),
        (WAV, fetched(LARGE, SIGNED), UPLOADING, Route.URL, "own store is signed"),
        (WAV, fetched(), UPLOADING, Route.INLINE, "goes inline unchanged"),
        (WAV, fetched(), replace(UPLOADING, avoid_routes=frozenset({Route.INLINE})), Route.UPLOAD, "unchanged"),
        (FLAC, fetched(LARGE), UPLOADING, Route.TRANSCODED, "FLAC is not among the formats"),
        (replace(WAV, damaged=True), fetched(LARGE), UPLOADING, Route.TRANSCODED, "a clean copy"),
        (WAV, fetched(1_000_000_001), UPLOADING, Route.TRANSCODED, "storage takes 1,000,000,000 bytes"),
        (WAV, fetched(LARGE), replace(UPLOADING, only_a_part=True), Route.TRANSCODED, "one part of a longer file"),
        (
            WAV,
            fetched(LARGE),
            replace(UPLOADING, avoid_routes=frozenset({Route.UPLOAD})),
            Route.TRANSCODED,
            "could not read the file from its temporary storage",
        ),
    ],
)
def test_what_is_too_large_to_go_inline_is_uploaded(
    inspection: Inspection, audio: Fetched, policy: FitPolicy, route: Route, because: str
) -> None:
    """A file that the model reads goes up whole, where that may be done and no URL comes first."""
    chosen = fit(inspection, audio, policy).plan

    assert chosen.route is route
    assert because in " ".join(chosen.why)


@pytest.mark.parametrize(
    ("size", "chars"), [(0, 13), (1, 17), (3, 17), (4, 21), (7_500_000, 10_000_013), (7_200_369, 9_600_505)]
)
def test_inline_characters_are_counted_with_prefix_and_padding(size: int, chars: int) -> None:
    """The limit is on the string, not on the file."""
    assert inline_chars(size) == chars


@pytest.mark.parametrize(
    ("inspection", "audio", "policy", "route", "because"),
    [
        (MP3, fetched(origin=ORIGIN), FitPolicy(), Route.URL, "can reach it"),
        (MP3, fetched(LARGE, ORIGIN), FitPolicy(), Route.URL, "can reach it"),
        (MP3, fetched(origin=ORIGIN), FitPolicy(pass_urls=False), Route.INLINE, "does not hand URLs"),
        (MP3, fetched(origin=ORIGIN), FitPolicy(takes_addresses=False), Route.INLINE, "not known to guard"),
        (MP3, fetched(LARGE, SIGNED), FitPolicy(takes_addresses=False), Route.TRANSCODED, "not known to guard"),
        (MP3, fetched(origin=replace(ORIGIN, public=False)), FitPolicy(), Route.INLINE, "not public"),
        (
            MP3,
            fetched(origin=replace(ORIGIN, public=False)),
            FitPolicy(pass_private_urls=True),
            Route.URL,
            "passed on",
        ),
        (MP3, fetched(origin=replace(ORIGIN, content_length=None)), FitPolicy(), Route.INLINE, "Content-Length"),
        (MP3, fetched(origin=replace(ORIGIN, with_headers=True)), FitPolicy(), Route.INLINE, "headers of the job"),
        (MP3, fetched(origin=SIGNED), FitPolicy(), Route.INLINE, "no URL leaves the fleet without need"),
        (MP3, fetched(LARGE, SIGNED), FitPolicy(), Route.URL, "signed and passed on"),
        (MP3, fetched(LARGE, SIGNED), FitPolicy(), Route.URL, "10,000,000"),
        (FLAC, fetched(LARGE, SIGNED), FitPolicy(), Route.TRANSCODED, "FLAC is not among"),
        (MP3, fetched(LARGE, SIGNED), FitPolicy(pass_urls=False), Route.TRANSCODED, "does not hand URLs"),
        (
            MP3,
            fetched(LARGE, SIGNED),
            FitPolicy(avoid_routes=frozenset({Route.URL})),
            Route.TRANSCODED,
            "could not read",
        ),
        (MP3, fetched(1_000_000_001, ORIGIN), FitPolicy(), Route.TRANSCODED, "1,000,000,000"),
        (MP3, fetched(), FitPolicy(), Route.INLINE, "no web address"),
        (MP3, fetched(LARGE), FitPolicy(), Route.TRANSCODED, "10,000,000"),
        (FLAC, fetched(origin=ORIGIN), FitPolicy(), Route.TRANSCODED, "FLAC is not among"),
        (replace(MP3, damaged=True), fetched(), FitPolicy(), Route.TRANSCODED, "damaged"),
        (MP3, fetched(origin=ORIGIN), FitPolicy(avoid_routes=frozenset({Route.URL})), Route.INLINE, "could not read"),
        (
            MP3,
            fetched(origin=ORIGIN),
            FitPolicy(avoid_routes=frozenset({Route.URL, Route.INLINE})),
            Route.TRANSCODED,
            "could not read",
        ),
    ],
)
def test_route_is_chosen_and_explained(
    inspection: Inspection, audio: Fetched, policy: FitPolicy, route: Route, because: str
) -> None:
    """URL before file before MP3, and the plan names the limit that forced each choice."""
    chosen = fit(inspection, audio, policy)

    assert chosen.plan.route is route
    assert because in " ".join(chosen.plan.why)
    assert (chosen.send_url is not None) == (route is Route.URL)
    assert (chosen.transcode is not None) == (route is Route.TRANSCODED)


@pytest.mark.parametrize("name", sorted(DOCUMENTED_FORMATS))
def test_documented_format_goes_as_it_is(name: tuple[str, str]) -> None:
    """Every format on the model's list is sent unchanged."""
    container, codec = name

    chosen = fit(replace(MP3, container=container, codec=codec), fetched())

    assert chosen.plan.route is Route.INLINE
    assert (chosen.plan.container, chosen.plan.codec) == name


@pytest.mark.parametrize(
    ("seconds", "target"),
    [
        (60.0, Target(channels=2, sample_rate=44_100, bit_rate=192_000)),
        (600.0, Target(channels=2, sample_rate=44_100, bit_rate=96_000)),
        (1_800.0, Target(channels=2, sample_rate=16_000, bit_rate=32_000)),
        (2_400.0, Target(channels=1, sample_rate=16_000, bit_rate=24_000)),
    ],
)
def test_longer_audio_gets_a_leaner_form(seconds: float, target: Target) -> None:
    """Stereo is kept for half an hour; 40 minutes fit as mono speech."""
    chosen = fit(replace(FLAC, seconds=seconds), fetched(LARGE))

    assert chosen.transcode == target


def test_lost_stereo_is_said() -> None:
    """Who loses stereo is told why."""
    chosen = fit(replace(FLAC, seconds=2_400.0), fetched(LARGE))

    assert any("Stereo had to go" in sentence for sentence in chosen.plan.why)


@pytest.mark.parametrize(
    ("inspection", "code"),
    [
        (replace(MP3, seconds=0.09), FailureCode.AUDIO_EMPTY),
        (replace(MP3, silent=True, peak_dbfs=None), FailureCode.AUDIO_EMPTY),
        (replace(MP3, seconds=6e6, samples=int(6e6) * 44_100), FailureCode.AUDIO_TOO_LONG),
    ],
)
def test_gate_refuses_before_any_paid_call(inspection: Inspection, code: FailureCode) -> None:
    """Too short, silent and too long for any number of parts never reach the model."""
    with pytest.raises(PermanentError) as raised:
        fit(inspection, fetched())

    assert raised.value.code is code


def test_silence_can_be_allowed() -> None:
    """A fleet may want silence described."""
    chosen = fit(replace(MP3, silent=True), fetched(), FitPolicy(allow_silence=True))

    assert chosen.plan.route is Route.INLINE


def test_exactly_forty_minutes_pass_with_their_padding() -> None:
    """Encoders pad, so 40 minutes decode to a little more."""
    chosen = fit(replace(MP3, seconds=2_400.1), fetched())

    assert chosen.plan.route is Route.INLINE


def test_no_route_left_is_an_end() -> None:
    """When the model has refused every form, the job fails."""
    with pytest.raises(PermanentError) as raised:
        fit(MP3, fetched(), FitPolicy(avoid_routes=frozenset(Route)))

    assert raised.value.code is FailureCode.MODEL_REJECTED


@given(
    seconds=st.floats(0.1, 2_400.0),
    channels=st.integers(1, 8),
    sample_rate=st.integers(4_000, 192_000),
    size=st.integers(1, 2_000_000_000),
    documented=st.booleans(),
)
def test_every_plan_fits(seconds: float, channels: int, sample_rate: int, size: int, documented: bool) -> None:
    """Whatever comes in, what goes out is below the limit and no richer than the source."""
    source = replace(MP3 if documented else FLAC, seconds=seconds, channels=channels, sample_rate=sample_rate)

    chosen = fit(source, fetched(size))

    if chosen.transcode is None:
        assert inline_chars(size) < CARD.limits.max_inline_chars
        return
    target = chosen.transcode
    assert inline_chars(mp3_bytes(seconds, target.bit_rate)) < 10_000_000
    assert target.channels <= min(channels, 2)
    assert target.sample_rate in MP3_RATES
    assert target.sample_rate <= max(sample_rate, min(MP3_RATES))
    assert target.bit_rate >= 32_000 or target.sample_rate not in MPEG1_RATES
    assert target.bit_rate <= 160_000 or target.sample_rate in MPEG1_RATES
