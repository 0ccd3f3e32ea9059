"""What fitting may do, and what it decides."""

from dataclasses import dataclass, field

from captionfleet_schemas import Plan, Route
from captionfleet_workers.media.facts import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPolicy:
    """The operator's and the job's wishes."""

    pass_urls: bool = True
    """Hand a public URL to the model instead of its audio."""
    takes_addresses: bool = True
    """Whether the model's server may be told where audio is."""
    pass_private_urls: bool = False
    """Likewise an address that is not public: right for a model of one's own in the same network."""
    may_upload: bool = False
    """Bring a file that is too large to go inline to the model's own storage, as it is."""
    allow_silence: bool = False
    min_seconds: float = 0.1
    min_sample_rate: int = 1000
    """Hertz; below, half the rate is all that a recording holds, and no voice reaches down there."""
    max_seconds: float | None = None
    """The most audio in one call, where the operator wants less than the model takes."""
    learned_seconds: float | None = None
    """The same, as the model's refusals have taught."""
    timeline: float | None = None
    """Describe stretches of about so many seconds."""
    avoid_routes: frozenset[Route] = frozenset()
    """Routes on which the model refused this audio before."""
    only_a_part: bool = False
    """The audio is one part of a longer file, so that neither its URL nor the file itself can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """The plan for the result, and what the worker has to do for it.

    With several `plan.parts` the audio is cut, into parts of at most `longest` samples, each of which is a job with a
    plan of its own. Else with `send_url` the URL goes to the model; with `transcode` that file is made and goes inline;
    with neither the fetched file goes as it is, inline or by upload as `plan.route` says.
    """

    plan: Plan
    send_url: str | None = field(default=None, repr=False)
    transcode: Target | None = None
    longest: int | None = None
