"""UsageEvent v1: what one paid answer cost, for whoever keeps the books."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field

from captionfleet_schemas.base import Message
from captionfleet_schemas.job import JobId, Metadata, Tenant
from captionfleet_schemas.result import CaptionResult, Cost, Seconds, Usage


class UsageEvent(Message):
    """Tokens and money of one job. There is one for each result that carries usage."""

    version: Literal[1] = 1
    job_id: JobId
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
        """The usage event of a result, or None when no answer was paid for."""
        if result.usage is None:
            return None
        return cls(
            job_id=result.job_id,
            tenant=result.tenant,
            metadata=result.metadata,
            model=result.model,
            request_id=result.request_id,
            audio_seconds=result.audio.seconds if result.audio else None,
            usage=result.usage,
            cost=result.cost,
            at=result.timings.finished_at,
        )
