"""captionfleet_producers: who asks. The client library and the command line.

Names are loaded when they are first used, so that `captionfleet --help` does not wait for Celery.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captionfleet_ledger import JobFilter, JobRecord
    from captionfleet_producers.client import CaptionClient
    from captionfleet_producers.clock import Clock
    from captionfleet_producers.errors import (
        AudioDroppedError,
        AudioNotFoundError,
        BlobStoreError,
        BrokerUnavailableError,
        InvalidSettingsError,
        InvalidSubmissionError,
        JobNotRetryableError,
        JobTimeoutError,
        LedgerUnavailableError,
        LetterNotSendableError,
        ManifestError,
        NewerReleaseError,
        ProducerError,
        SubmissionConflictError,
        UnknownJobError,
    )
    from captionfleet_producers.event_stream import AnyEvent, event_of
    from captionfleet_producers.letters import DeadLetters, FoundLetter
    from captionfleet_producers.listener import Received, WebhookListener
    from captionfleet_producers.quoting import JobOptions, Quoted, QuoteTotal, total_of
    from captionfleet_producers.settings import ProducerSettings
    from captionfleet_producers.submission import Outcome, Submission, SubmittedJob, job_id_of
    from captionfleet_producers.watching import BeganAnew, CaptionPiece, StateChanged, Watched
    from captionfleet_schemas import CaptionResult, Lane

_HOMES = {
    "captionfleet_ledger": ("JobFilter", "JobRecord"),
    "captionfleet_producers.client": ("CaptionClient",),
    "captionfleet_producers.clock": ("Clock",),
    "captionfleet_producers.errors": (
        "AudioDroppedError",
        "AudioNotFoundError",
        "BlobStoreError",
        "BrokerUnavailableError",
        "InvalidSettingsError",
        "InvalidSubmissionError",
        "JobNotRetryableError",
        "JobTimeoutError",
        "LedgerUnavailableError",
        "LetterNotSendableError",
        "ManifestError",
        "NewerReleaseError",
        "ProducerError",
        "SubmissionConflictError",
        "UnknownJobError",
    ),
    "captionfleet_producers.event_stream": ("AnyEvent", "event_of"),
    "captionfleet_producers.letters": ("DeadLetters", "FoundLetter"),
    "captionfleet_producers.listener": ("Received", "WebhookListener"),
    "captionfleet_producers.quoting": ("JobOptions", "QuoteTotal", "Quoted", "total_of"),
    "captionfleet_producers.settings": ("ProducerSettings",),
    "captionfleet_producers.submission": ("Outcome", "Submission", "SubmittedJob", "job_id_of"),
    "captionfleet_producers.watching": ("BeganAnew", "CaptionPiece", "StateChanged", "Watched"),
    "captionfleet_schemas": ("CaptionResult", "Lane"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AnyEvent",
    "AudioDroppedError",
    "AudioNotFoundError",
    "BeganAnew",
    "BlobStoreError",
    "BrokerUnavailableError",
    "CaptionClient",
    "CaptionPiece",
    "CaptionResult",
    "Clock",
    "DeadLetters",
    "FoundLetter",
    "InvalidSettingsError",
    "InvalidSubmissionError",
    "JobFilter",
    "JobNotRetryableError",
    "JobOptions",
    "JobRecord",
    "JobTimeoutError",
    "Lane",
    "LedgerUnavailableError",
    "LetterNotSendableError",
    "ManifestError",
    "NewerReleaseError",
    "Outcome",
    "ProducerError",
    "ProducerSettings",
    "QuoteTotal",
    "Quoted",
    "Received",
    "StateChanged",
    "Submission",
    "SubmissionConflictError",
    "SubmittedJob",
    "UnknownJobError",
    "Watched",
    "WebhookListener",
    "event_of",
    "job_id_of",
    "total_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
