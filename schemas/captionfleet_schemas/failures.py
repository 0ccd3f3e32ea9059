"""Why a job did not succeed, and why a message cannot be read.

    SchemaError
    ├── InvalidMessageError     a job, result or event does not validate; keeps the raw message
    └── UnknownModelError       a model that the catalogue does not know

`FailureCode` is the stable, documented code that a result carries; `REMEDIES` says what its receiver can do.
"""

from enum import StrEnum


class FailureCode(StrEnum):
    """Stable codes of a failed result. New codes may be added; none is renamed."""

    AUDIO_UNREACHABLE = "audio_unreachable"
    AUDIO_FORBIDDEN_ADDRESS = "audio_forbidden_address"
    AUDIO_TOO_LARGE = "audio_too_large"
    AUDIO_TOO_LONG = "audio_too_long"
    AUDIO_UNSUPPORTED = "audio_unsupported"
    AUDIO_EMPTY = "audio_empty"
    AUDIO_DAMAGED = "audio_damaged"
    CONTENT_BLOCKED = "content_blocked"
    MODEL_REJECTED = "model_rejected"
    MODEL_UNAVAILABLE = "model_unavailable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    POISONED = "poisoned"
    CANCELLED = "cancelled"
    OVER_BUDGET = "over_budget"
    MESSAGE_REJECTED = "message_rejected"


REMEDIES: dict[FailureCode, str] = {
    FailureCode.AUDIO_UNREACHABLE: "Check that the address answers with the audio, without a login; then submit again.",
    FailureCode.AUDIO_FORBIDDEN_ADDRESS: (
        "Use a public https address, or have the operator allow this scheme, network or folder."
    ),
    FailureCode.AUDIO_TOO_LARGE: "Send a smaller file: a lower bit rate or a shorter excerpt.",
    FailureCode.AUDIO_TOO_LONG: (
        "Submit pieces of it, such as an hour each; or, as the message says, ask for a longer timeline or choose a "
        "shorter id."
    ),
    FailureCode.AUDIO_UNSUPPORTED: "Send an audio file, such as MP3, WAV, AAC, AMR, 3GP, FLAC, Ogg or M4A.",
    FailureCode.AUDIO_EMPTY: "Send audio that contains sound: at least a tenth of a second, and not digital silence.",
    FailureCode.AUDIO_DAMAGED: "Export the file again: no sound could be decoded from it.",
    FailureCode.CONTENT_BLOCKED: "The model's moderation refused this audio or its description; it will do so again.",
    FailureCode.MODEL_REJECTED: "The model refused the request; see the message, and report it if the audio plays.",
    FailureCode.MODEL_UNAVAILABLE: "The model kept failing; submit the job again later.",
    FailureCode.DEADLINE_EXCEEDED: "Give the job a later deadline, or the fleet more room.",
    FailureCode.POISONED: "The job ended its worker each time it ran; have the operator look at its audio.",
    FailureCode.CANCELLED: "The job was cancelled on request; submit it again if it is wanted after all.",
    FailureCode.OVER_BUDGET: "Raise the budget or wait until it starts anew.",
    FailureCode.MESSAGE_REJECTED: (
        "The message that asked for the job could not be read, and there is no job: correct what the reason names, and "
        "send it again under the same id."
    ),
}


class SchemaError(Exception):
    """Base of everything that the schemas refuse."""


class InvalidMessageError(SchemaError):
    """A message does not say what it should; `raw` is the message and `reason` one line for people."""

    def __init__(self, reason: str, raw: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw


class UnknownModelError(SchemaError):
    """A job names a model that the catalogue does not know."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"unknown model {name!r}; known are {', '.join(known)}")
        self.name = name
