"""The port through which a job reaches the model. A dialect implements it: one call each time, never a retry."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from captionfleet_schemas import Route, Usage


class QualityFlag(StrEnum):
    """What the answer itself gives reason to doubt."""

    TRUNCATED = "truncated"
    """The model stopped at its output limit, or says no reason, as a plain call cut off after 300 seconds may."""
    OVERSIZED = "oversized"
    """There was more text than any model gives; it was cut off."""
    USAGE_MISSING = "usage_missing"
    """The answer carried no token counts, so it cannot be priced."""
    USAGE_IMPLAUSIBLE = "usage_implausible"
    """The answer's token counts are beyond what any call can take; they are left out, so it cannot be priced."""
    REPETITIVE = "repetitive"
    """The caption says the same again and again."""
    NOT_ENGLISH = "not_english"
    """The caption is in another language than the documented one; answers to questions may be."""


@dataclass(frozen=True, slots=True)
class AudioUrl:
    """Audio that the model fetches by itself. The address may be signed, which makes it a secret."""

    url: str = field(repr=False)

    @property
    def route(self) -> Route:
        """How this audio reaches the model."""
        return Route.URL


@dataclass(frozen=True, slots=True)
class AudioUpload:
    """Audio that lies in the model's own storage for a while, under an `oss://` address."""

    url: str = field(repr=False)

    @property
    def route(self) -> Route:
        """How this audio reaches the model."""
        return Route.UPLOAD


@dataclass(frozen=True, slots=True)
class AudioFile:
    """Audio that travels in the request, base64-encoded while it is read. `bytes` is the size of the file."""

    path: Path
    bytes: int

    @property
    def route(self) -> Route:
        """How this audio reaches the model; to the model a transcoded file is an inline one."""
        return Route.INLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One call."""

    model: str
    audio: AudioUrl | AudioUpload | AudioFile
    prompt: str | None = None
    stream: bool = False
    timeout: float
    """Seconds for the whole call, from connecting to the last byte."""
    max_output_tokens: int | None = None
    """None: the model's own maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said. `caption` is never empty."""

    caption: str
    finish_reason: str | None
    usage: Usage | None
    request_id: str | None
    model: str
    quality: tuple[str, ...] = ()


class ModelPort(Protocol):
    """One call to the model, from any number of threads at once."""

    def call(
        self,
        request: ModelRequest,
        *,
        on_piece: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool],
    ) -> Answer:
        """Make one call and wait for the whole answer.

        Args:
            request: what to ask.
            on_piece: gets each piece of a streamed caption, in order, in this thread.
            cancelled: asked before the call and between the pieces of request and answer; true ends the call. It may
                raise an error of its own instead, which passes through unchanged.

        Raises:
            ModelCallError: the call failed; the error carries the row of the catalogue that judges it.
            LeaseLostError: `cancelled` said so.
        """
        ...

    def close(self) -> None:
        """Close all connections; no call may be under way."""
        ...
