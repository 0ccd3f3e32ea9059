"""Audio that must not cost a paid call: decided before any."""

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fit.policy import FitPolicy
from captionfleet_workers.media.facts import Inspection


def gate(inspection: Inspection, policy: FitPolicy) -> PermanentError | None:
    """Why this audio is not worth sending; None when it is."""
    if inspection.seconds < policy.min_seconds:
        sentence = f"the audio lasts {inspection.seconds:.3f} s; at least {policy.min_seconds:g} s are needed"
        return PermanentError(FailureCode.AUDIO_EMPTY, sentence)
    if inspection.sample_rate < policy.min_sample_rate:
        sentence = (
            f"the audio has {inspection.sample_rate:,} samples a second, in which nothing can be recognised; "
            f"at least {policy.min_sample_rate:,} are needed"
        )
        return PermanentError(FailureCode.AUDIO_UNSUPPORTED, sentence)
    if inspection.silent and not policy.allow_silence:
        return PermanentError(FailureCode.AUDIO_EMPTY, "the audio is digital silence from start to end")
    return None
