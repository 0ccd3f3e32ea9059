"""What a caller asks for, and the job that it becomes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from captionfleet_producers.errors import InvalidSubmissionError, ProducerError
from captionfleet_producers.references import Reference
from captionfleet_schemas import CaptionJob, InvalidMessageError, JobState, Lane
from captionfleet_schemas.display import shown
from captionfleet_schemas.job import objection_to_metadata
from captionfleet_schemas.parts import part_of
from captionfleet_schemas.urls import objection_to_web_address

_KEYS = UUID("6f1f2a53-5a3c-4f0e-9b59-3f6f0c1f7d11")
"""Namespace of the ids that are made of idempotency keys; it never changes."""

_DEADLINES = {"start_by", "finish_by"}
_WEB = {"https", "http"}
_URLS = {"audio", "webhook"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Submission:
    """One job to submit; `CaptionClient.submit` explains the fields."""

    audio: str | Path
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhook: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tenant: str | None = None
    lane: Lane = Lane.INTERACTIVE
    prompt: str | None = None
    model: str | None = None
    start_within: float | None = None
    finish_within: float | None = None
    stream: bool = False
    timeline: float | None = None
    cache: bool | None = None
    store_days: int | None = None
    idempotency_key: str | None = None
    id: str | None = None
    resumable: bool = False
    """Derive the idempotency key from everything else that is said here, so that saying it again changes nothing."""
    quote: bool = False
    """Ask what it would cost instead."""

    def __repr__(self) -> str:
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.repr}
        addresses = {name: shown(value) for name, value in said.items() if name in _URLS and isinstance(value, str)}
        return f"Submission({', '.join(f'{name}={value!r}' for name, value in {**said, **addresses}.items())})"


@dataclass(frozen=True, slots=True)
class SubmittedJob:
    """A job that the ledger holds. `created` is False when it was there before, by its id or idempotency key."""

    id: str
    state: JobState
    created: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission among many: a job or an error, never both."""

    submission: Submission
    job: SubmittedJob | None = None
    error: ProducerError | None = None

    def unwrap(self) -> SubmittedJob:
        """The job, or the error raised."""
        if self.error is not None:
            raise self.error
        assert self.job is not None
        return self.job


def job_id_of(tenant: str, idempotency_key: str) -> str:
    """The id of the job that an idempotency key stands for, so that the key lives and dies with its job."""
    return str(uuid5(_KEYS, f"{tenant}\n{idempotency_key}"))


def job_of(submission: Submission, reference: Reference, *, tenant: str, now: datetime) -> CaptionJob:
    """The job of a submission whose audio is at `reference`.

    Args:
        submission: what was asked for.
        reference: where its audio is.
        tenant: of submissions that name none.
        now: the moment from which `start_within` and `finish_within` count.

    Raises:
        InvalidSubmissionError: it does not validate.
    """
    body = _body(submission, reference.url, tenant, now)
    try:
        job = CaptionJob.decode({"id": _identity(submission, body, reference.version), **body})
    except InvalidMessageError as error:
        raise InvalidSubmissionError(f"this job cannot be submitted: {error.reason}") from None
    objection = _objection(job)
    if objection is not None:
        raise InvalidSubmissionError(f"this job cannot be submitted: {objection}")
    return job


def _objection(job: CaptionJob) -> str | None:
    """Why the job would come to nothing, or show what it should not, whatever the fleet allows."""
    if job.webhook is not None and (reason := objection_to_web_address(job.webhook.url)):
        return f"webhook: {reason}"
    if job.scheme in _WEB and (reason := objection_to_web_address(job.audio.url)):
        return f"audio: {reason}"
    return objection_to_metadata(job.metadata)


def _body(submission: Submission, url: str, tenant: str, now: datetime) -> dict[str, Any]:
    body = {
        "audio": {"url": url, "headers": dict(submission.headers)} if submission.headers else {"url": url},
        "prompt": submission.prompt,
        "model": submission.model,
        "webhook": {"url": submission.webhook} if submission.webhook is not None else None,
        "metadata": dict(submission.metadata),
        "tenant": submission.tenant or tenant,
        "lane": submission.lane,
        "start_by": _deadline(now, submission.start_within),
        "finish_by": _deadline(now, submission.finish_within),
        "stream": submission.stream,
        "timeline": submission.timeline,
        "cache": submission.cache,
        "quote": submission.quote or None,
        "store_days": submission.store_days,
    }
    return {name: value for name, value in body.items() if value is not None}


def _deadline(now: datetime, seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        if seconds > 0:
            return now + timedelta(seconds=seconds)
    except OverflowError:
        pass
    raise InvalidSubmissionError(f"a deadline of {seconds:g} s makes no sense: give seconds from now, above 0")


def _identity(submission: Submission, body: Mapping[str, Any], version: str) -> str:
    if submission.id is not None and submission.idempotency_key is not None:
        raise InvalidSubmissionError("give an id or an idempotency key, not both: the key is turned into the id")
    if submission.id is not None:
        return _own_id(submission.id)
    key = submission.idempotency_key or (_content_key(body, version) if submission.resumable else None)
    return str(uuid4()) if key is None else job_id_of(str(body["tenant"]), key)


def _own_id(job_id: str) -> str:
    if part_of(job_id):
        raise InvalidSubmissionError(f"ids such as {job_id!r} are those of parts of long audio: choose another")
    return job_id


def _content_key(body: Mapping[str, Any], version: str) -> str:
    lasting = {name: value for name, value in body.items() if name not in _DEADLINES}
    if version:
        lasting["audio_version"] = version
    return f"sha256:{hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()}"
