"""The values of the pace: what an account allows, who asks for a call, and what is granted."""

from dataclasses import dataclass
from enum import StrEnum

from captionfleet_schemas import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What an account may do with one model, and what a call of it is expected to use."""

    requests_per_second: float
    """0 for no limit."""
    tokens_per_second: float
    """0 for no limit."""
    ramp_seconds: float = 0.0
    """After idleness the rate grows from a quarter to the whole in this time."""
    tokens_per_audio_second: float = 12.5
    """As documented; what calls turn out to use replaces it."""
    other_tokens: int = 458
    """Of a call besides its audio: the template and a typical answer. Likewise."""
    account: str = ""
    """Names one of several accounts; empty for the only one."""
    weight: float = 1.0
    """Of several accounts that could take a call each has so many turns; 0 stands by until the others are down."""
    hears_answers: bool = False
    """Whether `Pace.settle` is told of each answer, so that many calls without one mean that the account hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Jobs among which it is fair that the first to come is the first to go."""

    lane: Lane
    tenant: str

    def __str__(self) -> str:
        """As the ledger names it."""
        return f"{self.lane.value}|{self.tenant}"

    @classmethod
    def named(cls, name: str) -> "Group":
        """The group of a name that `str` gave."""
        lane, _, tenant = name.partition("|")
        return cls(lane=Lane(lane), tenant=tenant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A job that is ready for its call."""

    job_id: str
    group: Group
    audio_seconds: float
    since: float
    """Since when it waits, in seconds since 1970 by the ledger's clock."""
    bound_to: str = ""
    """The account in whose storage its audio lies; empty where any will do."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The answer of the pace.

    Granted: the job `job_id` sleeps `wait` seconds, then calls. Not granted: nothing is reserved; ask again after
    `wait` seconds.
    """

    granted: bool
    wait: float
    reason: str | None = None
    """Why a cool-down or a fault holds calls up, while one does."""
    job_id: str = ""
    tokens: int = 0
    """What the call will use, by estimate."""
    moment: float = 0.0
    """When it begins, in seconds since 1970."""
    others_in_line: bool = False
    """Whether there is somebody to call up."""
    account: str = ""
    """On which of several accounts."""
    outage: bool = False
    """Not granted, as every account is at fault: one call at a time finds out whether one answers again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one limit of a model stands, in requests or in tokens."""

    rate: float
    """In force, per second: just below what the account allows, or less after refusals; 0 for no limit."""
    used: float
    """By the calls that were permitted in the last minute."""
    observed: float | None
    """Per second: where the model refused, if that holds the rate down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceState:
    """How the limits of a model on one account stand."""

    cool_down: float
    """Seconds that are left of it; 0 while none is on."""
    fault: str
    """Why its breaker is open; empty while it is closed."""
    requests: Standing
    tokens: Standing


class Exceeded(StrEnum):
    """What a refusal of the model says was too much."""

    REQUESTS = "requests"
    """Requests in a minute or a second, or at once."""
    TOKENS = "tokens"
    BURST = "burst"
    """The rate grew too fast."""
    CAPACITY = "capacity"
    """Nothing of ours: the model is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What calls of a model have turned out to use and to be allowed; None where nothing is known."""

    tokens_per_audio_second: float | None
    other_tokens: float | None
    """Of a call besides its audio."""
    requests_per_second: float | None
    """Where the rate was last set after a refusal."""
    tokens_per_second: float | None
