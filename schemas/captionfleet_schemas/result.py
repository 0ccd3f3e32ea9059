"""CaptionResult v1: how a job ended, with everything that it took."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from captionfleet_schemas.base import Message, open_to_additions
from captionfleet_schemas.failures import REMEDIES, FailureCode
from captionfleet_schemas.job import JobId, Lane, Metadata, Tenant

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class JobState(StrEnum):
    """The states of a job: queued → running → (waiting → queued)* → one of the four ends."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


class Usage(Message):
    """Tokens as the model counted them."""

    input_tokens: Count
    output_tokens: Count
    audio_tokens: Count | None = None
    text_tokens: Count | None = None


class Cost(Message):
    """US dollars, exact, by the named row of the price table."""

    currency: Literal["USD"] = "USD"
    input: Decimal
    output: Decimal
    total: Decimal
    price_version: str


class Quote(Message):
    """What captioning would take, by the documented rules. Costs are None where no price is published."""

    calls: Count
    input_tokens: Count
    """Of all calls, as the documentation counts them."""
    typical_output_tokens: Count
    max_output_tokens: Count
    typical: Cost | None = None
    worst: Cost | None = None
    """Every answer as long as it may be."""
    timeline_extra: Cost | None = None
    """How much of `typical` is for asking in more calls than the length needs."""
    requests_per_minute: Annotated[float, Field(ge=0)]
    """The fleet's limit, 0 for none; with `tokens_per_minute` it bounds how soon the work can be done."""
    tokens_per_minute: Annotated[float, Field(ge=0)]

    @property
    def minutes_by_requests(self) -> float:
        """How long the calls take at the limit of requests."""
        return self.calls / self.requests_per_minute if self.requests_per_minute else 0.0

    @property
    def minutes_by_tokens(self) -> float:
        """How long they take at the limit of tokens, with typical answers."""
        tokens = self.input_tokens + self.typical_output_tokens
        return tokens / self.tokens_per_minute if self.tokens_per_minute else 0.0

    @property
    def minutes(self) -> float:
        """The least time that the calls take."""
        return max(self.minutes_by_requests, self.minutes_by_tokens)

    @classmethod
    def of_no_call(
        cls, *, requests_per_minute: float = 0, tokens_per_minute: float = 0, cost: Cost | None = None
    ) -> Self:
        """The quote of audio that is not sent to the model: refused before a call, or described before."""
        return cls(
            calls=0,
            input_tokens=0,
            typical_output_tokens=0,
            max_output_tokens=0,
            typical=cost,
            worst=cost,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
        )


class AudioFacts(Message):
    """What was found in the file. `seconds` is counted from decoded samples, not read from a header."""

    container: str
    codec: str
    channels: Annotated[int, Field(ge=1)]
    sample_rate: Annotated[int, Field(ge=1)]
    """Hertz."""
    seconds: Seconds
    bytes: Count
    sha256: str
    peak_dbfs: float | None = None
    """Highest sample against full scale; None for digital silence."""
    damaged: bool = False


class Route(StrEnum):
    """How the audio reaches the model."""

    URL = "url"
    INLINE = "inline"
    UPLOAD = "upload"
    TRANSCODED = "transcoded"


class Plan(Message):
    """How the audio was made to fit, and why."""

    route: Annotated[Route, open_to_additions(Route)]
    container: str
    codec: str
    channels: Annotated[int, Field(ge=1)]
    sample_rate: Annotated[int, Field(ge=1)]
    bit_rate: Annotated[int, Field(ge=1)] | None = None
    """Bits per second of a transcoded file."""
    parts: Annotated[int, Field(ge=1)] = 1
    why: tuple[str, ...]
    """One sentence for each choice, naming the limit that forced it."""


class Failure(Message):
    """Why there is no caption, and what to do about it."""

    code: Annotated[FailureCode, open_to_additions(FailureCode)]
    message: str
    remedy: str
    upstream_code: str | None = None
    """The model's own error code, where it was the model that refused."""

    @classmethod
    def of(cls, code: FailureCode, message: str, upstream_code: str | None = None) -> Self:
        """A failure with the documented remedy of its code; the message is made a sentence."""
        return cls(code=code, message=_as_sentence(message), remedy=REMEDIES[code], upstream_code=upstream_code)


class Segment(Message):
    """A stretch of long audio, in seconds from its start; `end` is where the next one begins."""

    start: Seconds
    end: Seconds
    caption: str | None = None
    failure: Failure | None = None
    """Why this stretch has no caption; `audio_empty` for one that is silent."""
    quality: tuple[str, ...] = ()


class Timings(Message):
    """When it happened, and how long each step of the last attempt took, in seconds."""

    accepted_at: AwareDatetime
    started_at: AwareDatetime | None = None
    """Start of the last attempt."""
    finished_at: AwareDatetime
    steps: dict[str, Seconds] = Field(default_factory=dict)


class CaptionResult(Message):
    """The outcome of one job. `state` is one of the four final ones."""

    version: Literal[1] = 1
    job_id: JobId
    state: JobState
    tenant: Tenant = "default"
    lane: Lane = Lane.INTERACTIVE
    metadata: Metadata = Field(default_factory=dict)
    model: str
    caption: str | None = None
    segments: tuple[Segment, ...] | None = None
    """Of audio that was captioned in parts, in order and without gaps; `caption` is their text with times."""
    failure: Failure | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    cached_from: JobId | None = None
    """The job whose caption of the same audio this is; it cost nothing."""
    quote: Quote | None = None
    """What the caption would cost, where that was all that was asked for."""
    audio: AudioFacts | None = None
    plan: Plan | None = None
    request_id: str | None = None
    """The model's own id of the answering call."""
    finish_reason: str | None = None
    quality: tuple[str, ...] = ()
    """Flags that ask for care: `truncated`, `usage_missing`, `repetitive`, `not_english`, `damaged_audio`."""
    attempts: Count = 0
    """How often a worker started on the job."""
    model_calls: Count = 0
    """How many calls were made to the model, failed ones included."""
    timings: Timings

    @model_validator(mode="after")
    def _agrees_with_state(self) -> Self:
        if not self.state.is_final:
            msg = f"a result is final, {self.state} is not"
            raise ValueError(msg)
        if (self.state is JobState.SUCCEEDED) is not (self.failure is None):
            msg = "a result has a failure if and only if it did not succeed"
            raise ValueError(msg)
        return self


def _as_sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
