"""How much audio one call carries, and into how many parts longer audio is cut."""

import math
from dataclasses import dataclass

from captionfleet_schemas import FailureCode
from captionfleet_schemas.catalogue import Limits
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fit.policy import FitPolicy
from captionfleet_workers.media.cut import pieces
from captionfleet_workers.media.facts import Inspection

MAX_PARTS = 2000

_PADDING_SECONDS = 0.25
"""Encoders pad: an AAC or MP3 of exactly 40 minutes decodes to a few hundredths more."""
_MINUTES_FROM = 120.0


@dataclass(frozen=True, slots=True)
class Cutting:
    """Audio that takes several calls: how many, the most samples in each, and why."""

    parts: int
    longest: int
    why: tuple[str, ...]


def cutting_of(inspection: Inspection, limits: Limits, policy: FitPolicy) -> Cutting | None:
    """How to cut the audio, or None when one call carries it and no timeline is wanted.

    Raises:
        PermanentError: `audio_too_long`, it would take more parts than a job may have.
    """
    limit, because = _limit(limits, policy)
    by_length = pieces(inspection.seconds, limit) if inspection.seconds > limit + _PADDING_SECONDS else 1
    by_timeline = math.ceil(inspection.seconds / policy.timeline) if policy.timeline else 1
    parts = max(by_length, by_timeline)
    if parts == 1:
        return None
    if parts > MAX_PARTS:
        sentence = f"the audio would take {parts:,} parts; a job has at most {MAX_PARTS:,}"
        raise PermanentError(FailureCode.AUDIO_TOO_LONG, sentence)
    too_long = f"The audio lasts {length(inspection.seconds)}; {because} {length(limit)} in one call."
    wanted = f"The job asks for a description of every {policy.timeline or 0:g} s."
    why = tuple(sentence for sentence, count in ((too_long, by_length), (wanted, by_timeline)) if count > 1)
    return Cutting(parts, int(limit * inspection.samples / inspection.seconds), why)


def length(seconds: float) -> str:
    """A length of audio for people."""
    return f"{seconds:.0f} seconds" if seconds < _MINUTES_FROM else f"{seconds / 60:.1f} minutes"


def _limit(limits: Limits, policy: FitPolicy) -> tuple[float, str]:
    """The most seconds in one call, and who says so."""
    known = (
        (limits.max_seconds, "the model takes at most"),
        (policy.max_seconds, "this fleet sends at most"),
        (policy.learned_seconds, "since it refused longer audio, the model is sent at most"),
    )
    return min((seconds, because) for seconds, because in known if seconds is not None)
