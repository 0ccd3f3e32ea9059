"""Audio that must not cost a paid call: decided before any."""

from captionfleet_schemas import FailureCode
from captionfleet_schemas.catalogue import ModelCard
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fit.policy import FitPolicy
from captionfleet_workers.media.facts import Inspection

_PADDING_SECONDS = 0.25
"""Encoders pad: an AAC or MP3 of exactly 40 minutes decodes to a few hundredths more."""


def gate(inspection: Inspection, card: ModelCard, policy: FitPolicy) -> PermanentError | None:
    """Why this audio is not worth or not possible to send; None when it is."""
    if inspection.seconds < policy.min_seconds:
        sentence = f"the audio lasts {inspection.seconds:.3f} s; at least {policy.min_seconds:g} s are needed"
        return PermanentError(FailureCode.AUDIO_EMPTY, sentence)
    if inspection.silent and not policy.allow_silence:
        return PermanentError(FailureCode.AUDIO_EMPTY, "the audio is digital silence from start to end")
    if inspection.seconds > card.limits.max_seconds + _PADDING_SECONDS:
        sentence = (
            f"the audio lasts {inspection.seconds / 60:.1f} minutes; "
            f"the model takes at most {card.limits.max_seconds / 60:g}"
        )
        return PermanentError(FailureCode.AUDIO_TOO_LONG, sentence)
    return None
