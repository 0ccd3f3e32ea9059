"""UsageEvent v1: what one paid answer cost, for whoever keeps the books."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field

from captionfleet_schemas.base import Message
from captionfleet_schemas.job import JobId, Metadata, Tenant
from captionfleet_schemas.parts import part_of, whole_of
from captionfleet_schemas.result import CaptionResult, Cost, Seconds, Usage


class UsageEvent(Message):
    """Tokens and money of one paid answer. A job that is captioned in parts has one for each of them."""

    version: Literal[1] = 1
    job_id: JobId
    part: str | None = None
    """Which part of long audio was paid for, such as `3`; the parts of a job add up to its cost."""
    tenant: Tenant
    metadata: Metadata = Field(default_factory=dict)
    model: str
    request_id: str | None = None
    audio_seconds: Seconds | None = None
    usage: Usage
    cost: Cost | None = None
    at: AwareDatetime

    @classmethod
    def of(cls, result: CaptionResult) -> Self | None:
        """The usage event of a result, or None when no answer was paid for, or its parts have told what each cost."""
        if result.usage is None or result.segments:
            return None
        return cls(
            job_id=whole_of(result.job_id),
            part=part_of(result.job_id),
            tenant=result.tenant,
            metadata=result.metadata,
            model=result.model,
            request_id=result.request_id,
            audio_seconds=result.audio.seconds if result.audio else None,
            usage=result.usage,
            cost=result.cost,
            at=result.timings.finished_at,
        )
