"""What is said between captionfleet, the services that use it, and the model."""

from captionfleet_schemas.base import Message
from captionfleet_schemas.event import CaptionEvent, Event, UsageRecorded
from captionfleet_schemas.failures import FailureCode, InvalidMessageError, SchemaError, UnknownModelError
from captionfleet_schemas.job import AudioReference, CaptionJob, Lane, Webhook
from captionfleet_schemas.pausing import FleetEvent, Pause, PausedBy
from captionfleet_schemas.result import (
    FINAL_STATES,
    AudioFacts,
    CaptionResult,
    Cost,
    Failure,
    JobState,
    Plan,
    Quote,
    Route,
    Segment,
    Timings,
    Usage,
)
from captionfleet_schemas.usage import UsageEvent

__all__ = [
    "FINAL_STATES",
    "AudioFacts",
    "AudioReference",
    "CaptionEvent",
    "CaptionJob",
    "CaptionResult",
    "Cost",
    "Event",
    "Failure",
    "FailureCode",
    "FleetEvent",
    "InvalidMessageError",
    "JobState",
    "Lane",
    "Message",
    "Pause",
    "PausedBy",
    "Plan",
    "Quote",
    "Route",
    "SchemaError",
    "Segment",
    "Timings",
    "UnknownModelError",
    "Usage",
    "UsageEvent",
    "UsageRecorded",
    "Webhook",
]
