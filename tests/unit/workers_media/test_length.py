"""How long a call may be, and into how many parts longer audio is cut."""

from dataclasses import replace
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode, Route
from captionfleet_schemas.catalogue import CAPTIONER, model_card
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import Fetched, Origin
from captionfleet_workers.fit import FitPlan, FitPolicy, plan
from captionfleet_workers.media.facts import Inspection

CARD = model_card(CAPTIONER)
RATE = 44_100
PUBLIC = Origin(url="https://example.com/a", content_length=1000, content_type=None, public=True)
SILENT_ABOUT_IT = FitPolicy()


def fit(seconds: float, policy: FitPolicy = SILENT_ABOUT_IT) -> FitPlan:
    """The plan for an MP3 at a public address."""
    audio = Inspection(
        container="mp3", codec="mp3", channels=2, sample_rate=RATE, seconds=seconds, samples=int(seconds * RATE)
    )
    return plan(
        replace(audio, peak_dbfs=-3.0), Fetched(path=Path("a"), bytes=1, sha256="0", origin=PUBLIC), CARD, policy
    )


@pytest.mark.parametrize(
    ("seconds", "policy", "parts", "limit", "because"),
    [
        (2401.0, FitPolicy(), 2, 2400, "the model takes at most 40.0 minutes"),
        (7200.0, FitPolicy(), 4, 2400, "The audio lasts 120.0 minutes"),
        (60.0, FitPolicy(max_seconds=15), 5, 15, "this fleet sends at most 15 seconds"),
        (7200.0, FitPolicy(learned_seconds=1200), 7, 1200, "refused longer audio, the model is sent at most 20.0 min"),
        (7200.0, FitPolicy(learned_seconds=1200, max_seconds=600), 14, 600, "this fleet sends at most"),
        (60.0, FitPolicy(timeline=20), 3, 2400, "every 20 s"),
        (61.0, FitPolicy(timeline=20), 4, 2400, "every 20 s"),
        (7200.0, FitPolicy(timeline=2400), 4, 2400, "takes at most"),
        (7200.0, FitPolicy(timeline=600), 12, 2400, "every 600 s"),
    ],
)
def test_parts(seconds: float, policy: FitPolicy, parts: int, limit: float, because: str) -> None:
    """The lowest limit counts, a timeline may ask for more parts, and the plan says what forced it."""
    chosen = fit(seconds, policy)

    assert chosen.plan.parts == parts
    assert chosen.longest is not None
    assert chosen.longest == pytest.approx(limit * RATE, abs=1)
    assert seconds / parts <= limit
    assert because in " ".join(chosen.plan.why)
    assert f"into {parts} parts" in chosen.plan.why[-1]
    assert (chosen.plan.route, chosen.send_url, chosen.transcode) == (Route.TRANSCODED, None, None)


@pytest.mark.parametrize(
    ("seconds", "policy"),
    [
        (2400.2, FitPolicy()),
        (15.0, FitPolicy(max_seconds=15)),
        (20.0, FitPolicy(timeline=20)),
        (5.0, FitPolicy(timeline=20)),
    ],
)
def test_what_one_call_carries_is_not_cut(seconds: float, policy: FitPolicy) -> None:
    """An encoder's padding does not count, and a timeline that is longer than the audio asks for nothing."""
    chosen = fit(seconds, policy)

    assert (chosen.plan.parts, chosen.longest, chosen.plan.route) == (1, None, Route.URL)


def test_a_part_is_always_transcoded() -> None:
    """Neither the address nor the file can stand for a part of it."""
    chosen = fit(60.0, FitPolicy(only_a_part=True))

    assert (chosen.plan.route, chosen.send_url) == (Route.TRANSCODED, None)
    assert chosen.transcode is not None
    assert chosen.plan.why[0] == "This is one part of a longer file."


def test_too_many_parts() -> None:
    """A job has two thousand at most."""
    with pytest.raises(PermanentError, match="2,001 parts") as raised:
        fit(20_001.0, FitPolicy(timeline=10))

    assert raised.value.code is FailureCode.AUDIO_TOO_LONG
