"""What fitting may do, and what it decides."""

from dataclasses import dataclass, field

from captionfleet_schemas import Plan, Route
from captionfleet_workers.media.facts import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPolicy:
    """The operator's and the job's wishes."""

    pass_urls: bool = True
    """Hand a public URL to the model instead of its audio."""
    pass_private_urls: bool = False
    """Likewise an address that is not public: right for a model of one's own in the same network."""
    allow_silence: bool = False
    min_seconds: float = 0.1
    avoid_routes: frozenset[Route] = frozenset()
    """Routes on which the model refused this audio before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """The plan for the result, and what the worker has to do for it.

    With `send_url` the URL goes to the model; with `transcode` that file is made and goes inline; with neither the
    fetched file goes inline as it is.
    """

    plan: Plan
    send_url: str | None = field(default=None, repr=False)
    transcode: Target | None = None
