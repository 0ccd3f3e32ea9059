"""What is told of a job whose message could not be read: a failed result, made of as much as makes sense."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from captionfleet_schemas import CaptionResult, Failure, FailureCode, JobState
from captionfleet_schemas.catalogue import CAPTIONER, MODELS
from captionfleet_schemas.job import Lane, Metadata, Tenant, Webhook
from captionfleet_schemas.result import Timings

T = TypeVar("T")

_METADATA: TypeAdapter[dict[str, str]] = TypeAdapter(Metadata)
_TENANT: TypeAdapter[str] = TypeAdapter(Tenant)
_LANE: TypeAdapter[Lane] = TypeAdapter(Lane)


def rejected(job_id: str, job: Mapping[str, Any], reason: str, at: datetime) -> CaptionResult:
    """The result for a job that does not exist.

    Args:
        job_id: of the job that was meant.
        job: what was sent as the job; each part of it counts that is valid by itself.
        reason: one sentence.
        at: now.
    """
    model = job.get("model")
    return CaptionResult(
        job_id=job_id,
        state=JobState.FAILED,
        tenant=_valid(_TENANT, job.get("tenant"), "default"),
        lane=_valid(_LANE, job.get("lane"), Lane.INTERACTIVE),
        metadata=_valid(_METADATA, job.get("metadata"), {}),
        model=model if isinstance(model, str) and model in MODELS else CAPTIONER,
        failure=Failure.of(FailureCode.MESSAGE_REJECTED, reason),
        timings=Timings(accepted_at=at, finished_at=at),
    )


def webhook_of(job: Mapping[str, Any]) -> str | None:
    """The address that the sender waits at, if it is one."""
    webhook = job.get("webhook")
    try:
        return Webhook.model_validate(webhook, extra="ignore").url
    except ValidationError:
        return None


def _valid(kind: TypeAdapter[T], value: object, otherwise: T) -> T:
    try:
        return kind.validate_python(value)
    except ValidationError:
        return otherwise
