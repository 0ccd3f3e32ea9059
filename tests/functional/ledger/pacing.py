"""A fleet and an account in a time of their own: processes that ask a real ledger for permits, and a model's limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter

from captionfleet_ledger import Asking, Group, Ledger, Permit, Rates
from captionfleet_schemas import Lane
from tests.functional.ledger.making import Clock

MODEL = "qwen3-omni-30b-a3b-captioner"
DOCUMENTED = Rates(requests_per_second=1, tokens_per_second=100_000 / 60)
BULK = Group(lane=Lane.BULK, tenant="archive")
INTERACTIVE = Group(lane=Lane.INTERACTIVE, tenant="desk")


@dataclass(frozen=True)
class Call:
    """A call that was permitted."""

    group: Group
    permit: Permit


@dataclass(eq=False)
class Simulation:
    """Processes that ask in turn; the clock goes on to whoever asks next."""

    ledger: Ledger
    clock: Clock
    rates: Rates = DOCUMENTED
    processes: int = 4
    model: Callable[[Permit], None] = lambda _permit: None
    """What the model does about a call."""
    accounts: Sequence[Rates] = ()
    """Several, instead of the one with `rates`."""
    calls: list[Call] = field(default_factory=list)
    waiting: dict[str, dict[str, Asking]] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)
    _ids: "count[int]" = field(default_factory=count)

    def submit(self, group: Group, jobs: int, *, audio_seconds: float = 6) -> None:
        """So many jobs become ready for their calls, spread over the processes."""
        for number in range(jobs):
            process = f"process-{number % self.processes}"
            asking = Asking(
                job_id=f"job-{next(self._ids):06}", group=group, audio_seconds=audio_seconds, since=self.clock()
            )
            self.waiting.setdefault(process, {})[asking.job_id] = asking
            self._next[process] = self.clock()

    def run(self, seconds: float) -> list[Call]:
        """Let so much time pass. Returns the calls of that time."""
        until, before = self.clock() + seconds, len(self.calls)
        while self._next and (first := min(self._next.items(), key=itemgetter(1)))[1] <= until:
            process, at = first
            self.clock.now = max(self.clock.now, at)
            self._poll(process)
        self.clock.now = until
        return self.calls[before:]

    def _poll(self, process: str) -> None:
        mine = self.waiting[process]
        permit = self.ledger.pace.acquire(MODEL, self.accounts or [self.rates], process, self._fronts(process))
        if permit.granted:
            self.calls.append(Call(mine.pop(permit.job_id).group, permit))
            self.model(permit)
        self._next[process] = self.clock() + (0 if permit.granted else max(0.001, min(permit.wait, 1)))
        if not mine:
            del self._next[process]

    def _fronts(self, process: str) -> list[Asking]:
        fronts: dict[Group, Asking] = {}
        for asking in self.waiting[process].values():
            fronts.setdefault(asking.group, asking)
        return list(fronts.values())


def most_within(seconds: float, moments: list[float]) -> int:
    """The largest number of moments in any stretch of so many seconds."""
    moments = sorted(moments)
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
