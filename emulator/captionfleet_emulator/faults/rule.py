"""One fault: which calls it strikes, how often, and what it does to them."""

from typing import Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

EFFECTS = frozenset(
    {
        "bytes_per_second",
        "caption",
        "code",
        "cut_stream_after",
        "drop",
        "empty_caption",
        "expired_policy",
        "finish_reason",
        "hold",
        "latency",
        "latency_per_audio_second",
        "latency_per_output_token",
        "sentence_as_content",
        "status",
    }
)


class FaultRule(BaseModel):
    """A fault rule. A call is struck by the first rule that matches it and whose chance falls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(default_factory=lambda: uuid4().hex[:8], description="Names the rule; made up if left out.")

    model: str | None = Field(default=None, description="Strike only calls to this model.")
    url_contains: str | None = Field(default=None, description="Strike only calls whose audio URL contains this.")
    sha256_prefix: str | None = Field(default=None, description="Strike only audio whose SHA-256 (hex) begins so.")
    longer_than: float | None = Field(
        default=None, ge=0, description="Strike only audio that is longer than so many seconds."
    )
    probability: float = Field(default=1.0, ge=0, le=1, description="Chance that a matching call is struck, 0 to 1.")
    times: int | None = Field(default=None, ge=1, description="How many calls to strike; unlimited if left out.")

    latency: float = Field(default=0.0, ge=0, description="Seconds to wait before anything else happens.")
    hold: bool = Field(default=False, description="Keep calls waiting until this rule is switched off.")
    latency_per_audio_second: float = Field(
        default=0.0, ge=0, description="Seconds that an answer takes longer for each second of audio."
    )
    latency_per_output_token: float = Field(
        default=0.0, ge=0, description="Seconds that an answer takes longer for each token of the caption."
    )
    bytes_per_second: float | None = Field(default=None, gt=0, description="Send the answer no faster than this.")
    status: int | None = Field(
        default=None,
        ge=400,
        le=599,
        description="Answer with an error of this HTTP status; by default that of the code.",
    )
    code: str | None = Field(default=None, description="Error code; by default the first documented one of the status.")
    message: str | None = Field(default=None, description="Error message; by default the documented one of the code.")
    type: str | None = Field(default=None, description="Error type; by default the documented one of the code.")
    retry_after: float | None = Field(default=None, ge=0, description="Seconds, sent as a Retry-After header.")
    drop: bool = Field(default=False, description="Close the connection without an answer.")
    cut_stream_after: int | None = Field(
        default=None, ge=0, description="Close the connection after so many pieces of a stream; strikes only streams."
    )
    sentence_as_content: bool = Field(
        default=False, description="Status 200 with the error message as the caption and all usage zero."
    )
    finish_reason: str | None = Field(default=None, description="State this finish reason, such as length.")
    caption: str | None = Field(
        default=None, description="Answer with this caption, such as a loop or another language."
    )
    empty_caption: bool = Field(default=False, description="Answer with an empty caption.")
    expired_policy: bool = Field(
        default=False, description="Refuse the form of an upload as too late for its policy; strikes only uploads."
    )

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if not EFFECTS & self.model_fields_set:
            raise ValueError(f"a fault needs an effect: one of {', '.join(sorted(EFFECTS))}")
        return self


def readable_errors(error: ValidationError) -> list[str]:
    """One line for each thing that is wrong, which names the field as people type it."""
    return [
        ": ".join(filter(None, (".".join(map(str, item["loc"])), item["msg"])))
        for item in error.errors(include_url=False)
    ]
