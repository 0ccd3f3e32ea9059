"""How far a job has come with its failures: what the ledger keeps between two attempts, as an opaque string."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from pydantic import TypeAdapter

from captionfleet_schemas import AudioFacts, Plan, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Audio that a try of the job has brought to the model's storage."""

    url: str = field(repr=False)
    sha256: str
    """Of the file."""
    model: str
    """No other may read it."""
    expires_at: float
    """Seconds since 1970."""
    account: str = ""
    """Nor may another account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of what a job has been through. A worker of another version ignores fields that it does not know."""

    origin_failures: int = 0
    slow_downloads: int = 0
    """Downloads that were given up as others needed the slot."""
    model_failures: int = 0
    model_calls: int = 0
    """Calls made, failed ones included."""
    sat_out: int = 0
    """Failed calls that did not count against the job, as the service may have been out of order."""
    alone: int = 0
    """Of these the last ones in a row around which nobody else called,"""
    alone_since: float = 0.0
    """and when the first of them failed, in seconds since 1970."""
    failed_first_at: float = 0.0
    """When the first call failed, and the last one; likewise."""
    failed_at: float = 0.0
    throttled: int = 0
    throttled_seconds: float = 0.0
    """Time spent waiting for the model's limits, in all."""
    pauses: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Failed calls by reason, on the present route."""
    avoid_routes: tuple[Route, ...] = ()
    stream_next: bool = False
    upload: Upload | None = None
    audio: AudioFacts | None = None
    """Of audio that is captioned in parts: what was found in it,"""
    plan: Plan | None = None
    """and how it was cut."""
    last_code: str | None = None
    """The last upstream code, or the last reason where the model named none."""

    def encode(self) -> str:
        """Compact JSON."""
        return _ADAPTER.dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def decode(cls, raw: str | bytes | None) -> Self:
        """Read what `encode` wrote; None is a job that has not failed yet.

        Raises:
            pydantic.ValidationError: `raw` is something else.
        """
        return cls() if not raw else _ADAPTER.validate_json(raw)  # type: ignore[return-value]  # cls is Progress

    def with_call(self) -> Self:
        """One more call to the model, counted before it is made."""
        return replace(self, model_calls=self.model_calls + 1)

    def avoiding(self, *routes: Route) -> Self:
        """The routes are closed; on the next one each reason counts anew."""
        closed = dict.fromkeys((*self.avoid_routes, *routes))
        return replace(self, avoid_routes=tuple(closed), reasons={})


_ADAPTER = TypeAdapter(Progress)
