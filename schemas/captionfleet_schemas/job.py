"""CaptionJob v1: what a producer asks for."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from unicodedata import category
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from captionfleet_schemas.base import Request, sentence, without_nulls
from captionfleet_schemas.catalogue import CAPTIONER, MODELS, OMNI
from captionfleet_schemas.display import shortened, shown, visible
from captionfleet_schemas.failures import InvalidMessageError

SCHEMES = ("https", "http", "data", "file", "blob", "s3", "gs", "az")
"""Audio references that a fleet can read; which of them it allows is the operator's choice."""

TRACEPARENT = r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
"""A span by its ids, as W3C Trace Context level 1 writes it."""

VERSION = 1
"""The version of jobs that this release reads and writes."""

MAX_REFERENCE_CHARS = 14_000_000

_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's controls, lone surrogates, line and paragraph separators."""

_OUR_HEADERS = frozenset({"accept-encoding", "connection", "content-length", "host", "if-range", "range", "te"})
_OUR_PREFIXES = ("proxy-", "transfer-")


def _may_be_set(name: str) -> str:
    if name.lower() in _OUR_HEADERS or name.lower().startswith(_OUR_PREFIXES):
        msg = f"the header {name} is not for the caller to set"
        raise ValueError(msg)
    return name


JOB_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$"

JobId = Annotated[str, StringConstraints(pattern=JOB_ID)]
Tenant = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]
MetadataValue = Annotated[str, StringConstraints(max_length=512)]
Traceparent = Annotated[str, StringConstraints(pattern=TRACEPARENT)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=16)]


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$"), AfterValidator(_may_be_set)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,4096}$")]


class Lane(StrEnum):
    """Which queue a job waits in: someone is looking at the screen, or a whole archive is being worked through."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


_AROUND_ADDRESSES = "".join(map(chr, range(0x21)))
"""Control characters and the space, which no address begins or ends with (WHATWG URL, 4.4)."""


def _has_scheme(url: str) -> str:
    url = url.strip(_AROUND_ADDRESSES)
    scheme, colon, rest = url.partition(":")
    if not (colon and rest and scheme.isalnum()):
        msg = "not an absolute address, such as https://example.com/a.mp3"
        raise ValueError(msg)
    return url


def _is_web_address(url: str) -> str:
    url = url.strip(_AROUND_ADDRESSES)
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        msg = f"a webhook needs an http(s) address, not {parts.scheme or 'one without a scheme'!r}"
        raise ValueError(msg)
    return url


def objection_to_metadata(metadata: Mapping[str, str]) -> str | None:
    """Why pairs are not taken with a new job; None for good ones.

    They are printed, logged and handed to other programs. Only what is new is held to this: jobs and results of earlier
    releases stay readable whatever is in theirs.
    """
    for name, value in metadata.items():
        if visible(name) != name or _CONTROLS.intersection(map(category, value)):
            return f"metadata: {shortened(visible(name))!r} has a control character in it, such as a line break"
    return None


class AudioReference(Request):
    """Where the audio is.

    The scheme is checked by the worker, not here: a job whose scheme the fleet does not read ends as a failed result
    with a code, not as a refused message.
    """

    url: Annotated[str, StringConstraints(max_length=MAX_REFERENCE_CHARS), AfterValidator(_has_scheme)]
    """An absolute address: `https:`, `http:`, `s3:`, `gs:`, `az:`, `data:`, `file:` or `blob:`."""
    headers: Annotated[
        Annotated[dict[HeaderName, HeaderValue], Field(max_length=16)] | None, BeforeValidator(without_nulls)
    ] = Field(default=None, repr=False)
    """Sent to the origin of an `https:` or `http:` address, such as Authorization. Never logged, and in no event."""

    def __repr_args__(self) -> Iterator[tuple[str, str]]:
        yield "url", shown(self.url)


class Webhook(Request):
    """Where the result is delivered, signed as Standard Webhooks asks."""

    url: Annotated[str, StringConstraints(max_length=2048), AfterValidator(_is_web_address)]

    def __repr_args__(self) -> Iterator[tuple[str, str]]:
        yield "url", shown(self.url)


class CaptionJob(Request):
    """One piece of audio to describe. Times are absolute and carry their time zone."""

    version: Literal[1] = 1
    id: JobId
    audio: AudioReference
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=8000)] | None = None
    """A question about the audio; it goes to Qwen-Omni, as the captioner takes none."""
    model: str | None = None
    """None: the captioner, or Qwen-Omni when there is a prompt."""
    webhook: Webhook | None = None
    metadata: Annotated[Metadata, BeforeValidator(without_nulls)] = Field(default_factory=dict)
    """At most 16 pairs, echoed in the result; keys up to 64 and values up to 512 characters."""
    tenant: Tenant = "default"
    lane: Lane = Lane.INTERACTIVE
    start_by: AwareDatetime | None = None
    """A job that no worker has started by then expires, unpaid."""
    finish_by: AwareDatetime | None = None
    """A job that has no result by then expires."""
    stream: bool = False
    """Ask the model for its answer piece by piece."""
    timeline: Annotated[float, Field(ge=10, le=2400)] | None = None
    """Describe stretches of about so many seconds, each with its time; every one of them is a paid call."""
    cache: bool | None = None
    """False: ask the model even where this audio was described before, and remember nothing of the answer.

    None is the fleet's default."""
    quote: bool | None = None
    """True: fetch and look at the audio, say what its caption would cost, and make no call. Publishes no event."""
    store_days: Annotated[int, Field(ge=0, le=365)] | None = None
    """Days the ledger keeps the result; 0 keeps no caption at all; None is the fleet's default."""
    traceparent: Traceparent | None = None
    """The span that asked for it: what the fleet does for the job belongs to the same trace."""

    @classmethod
    def glimpse(cls, raw: bytes | Mapping[str, object]) -> Self:
        """As much of a job as this release understands, for whoever looks at it and does not work on it.

        A version and fields that it does not know are passed over.

        Raises:
            InvalidMessageError: the rest does not validate.
        """
        fields: dict[str, Any] = dict(json.loads(raw) if isinstance(raw, bytes) else raw)
        try:
            return cls.model_validate({**fields, "version": VERSION}, extra="ignore")
        except ValidationError as error:
            raise InvalidMessageError(sentence(cls.__name__, error), raw) from None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.model is not None and self.model not in MODELS:
            msg = f"unknown model {self.model!r}; known are {', '.join(sorted(MODELS))}"
            raise ValueError(msg)
        if self.prompt is not None and not MODELS[self.model_name].takes_prompt:
            msg = f"{self.model_name} takes no prompt; leave the model out to have {OMNI} answer it"
            raise ValueError(msg)
        if self.start_by and self.finish_by and self.start_by > self.finish_by:
            msg = "start_by lies after finish_by"
            raise ValueError(msg)
        return self

    @property
    def model_name(self) -> str:
        """The model that the job is for."""
        return self.model or (OMNI if self.prompt is not None else CAPTIONER)

    @property
    def scheme(self) -> str:
        """The audio reference's scheme, lower-case."""
        return self.audio.url.partition(":")[0].lower()

    def deadline(self, *, started: bool) -> datetime | None:
        """The moment at which the job expires, seen from before or after its first start."""
        candidates = [self.finish_by] if started else [self.finish_by, self.start_by]
        return min((moment for moment in candidates if moment is not None), default=None)
