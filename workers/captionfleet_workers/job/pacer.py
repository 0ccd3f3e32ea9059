"""Asks the ledger for permits on behalf of all jobs of a process: one thread, however many jobs wait."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog

from captionfleet_ledger import Asking, Group, Ledger, LedgerUnavailableError, Permit, Rates

log = structlog.get_logger()

PACER = "pacer"
LONGEST_SLEEP = 1.0
"""Seconds: the ledger forgets a process that has not asked for three."""
SHORTEST_SLEEP = 0.001
MOST_FRONTS = 32
"""Groups that are told to the ledger at once: those whose jobs have waited longest."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A job that waits for its permit."""

    model: str
    asking: Asking
    granted: threading.Event = field(default_factory=threading.Event)
    permit: Permit | None = None
    due: float = 0.0
    """When the call begins, by the monotonic clock."""
    outlook: Permit | None = None
    """What the pace last said to the process: nobody of it is called before that."""

    def grant(self, permit: Permit, now: float) -> None:
        """Tell the job."""
        self.permit, self.due = permit, now + permit.wait
        self.granted.set()


class Pacer:
    """The jobs of one process that are ready for their calls. Safe to share by threads."""

    def __init__(  # noqa: PLR0913  whom it asks, for what and as whom, and whom it tells
        self,
        ledger: Ledger,
        holder: str,
        rates_of: Callable[[str], Sequence[Rates]],
        call_up: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        beat: Callable[[str], None] = lambda _loop: None,
    ) -> None:
        """Nothing runs before `start`.

        Args:
            ledger: whom it asks.
            holder: names the process there.
            rates_of: what each account allows of a model.
            call_up: has those sent for who come ahead next for a model; returns at once.
            clock: monotonic, in seconds.
            beat: is told the loop's name each time that it comes round.
        """
        self._clock = clock
        self._beat = beat
        self._ledger = ledger
        self._holder = holder
        self._rates_of = rates_of
        self._call_up = call_up
        self._tickets: dict[str, dict[str, Ticket]] = {}
        self._outages: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=PACER, daemon=True)

    def start(self) -> None:
        """Start asking in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; whoever still waits gets no permit."""
        self._stopped = True
        self._news.set()
        self._thread.join()

    def ask(self, model: str, asking: Asking) -> Ticket:
        """Wait for a permit from now on; `Ticket.granted` is set when there is one."""
        ticket = Ticket(model, asking)
        with self._lock:
            self._tickets.setdefault(model, {})[asking.job_id] = ticket
        self._news.set()
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Wait no more."""
        with self._lock:
            tickets, job_id = self._tickets[ticket.model], ticket.asking.job_id
            # A job that was lost and came back to this process has another one.
            if tickets.get(job_id) is ticket:
                del tickets[job_id]

    def comes_first(self, ticket: Ticket, of: int) -> bool:
        """Whether it is one of so many of this process that have waited longest for a model."""
        with self._lock:
            return ticket in islice(self._tickets[ticket.model].values(), of)

    def outage(self, model: str) -> bool:
        """Whether every account of a model was at fault when it was last asked for a permit in vain."""
        return self._outages.get(model, False)

    def turn(self) -> float:
        """Ask once for each model for which anybody waits. Returns seconds until it is worth asking again.

        Those who wait go on waiting while the ledger cannot be reached.
        """
        with self._lock:
            models = [model for model, tickets in self._tickets.items() if tickets]
        return min((self._ask_for(model) for model in models), default=LONGEST_SLEEP)

    def _ask_for(self, model: str) -> float:
        try:
            permit = self._ledger.pace.acquire(model, self._rates_of(model), self._holder, self._fronts(model))
        except LedgerUnavailableError as error:
            log.warning("permits.not_asked_for", model=model, reason=str(error))
            return LONGEST_SLEEP
        if not permit.granted:
            self._tell(model, permit)
            return permit.wait
        self._outages[model] = False
        with self._lock:
            ticket = self._tickets[model].pop(permit.job_id, None)
        if ticket is not None:
            ticket.grant(permit, self._clock())
        if permit.others_in_line:
            self._call_up(model)
        return 0.0

    def _fronts(self, model: str) -> list[Asking]:
        fronts: dict[Group, Asking] = {}
        with self._lock:
            for ticket in self._tickets[model].values():
                fronts.setdefault(ticket.asking.group, ticket.asking)
        return list(fronts.values())[:MOST_FRONTS]

    def _tell(self, model: str, permit: Permit) -> None:
        self._outages[model] = permit.outage
        with self._lock:
            for ticket in self._tickets[model].values():
                ticket.outlook = permit

    def _run(self) -> None:
        while not self._stopped:
            self._beat(PACER)
            self._news.clear()
            wait = LONGEST_SLEEP
            try:
                wait = self.turn()
            except Exception:
                # An error of our own in one turn must not stop all calls.
                log.exception("permits.internal_error")
            self._news.wait(min(max(wait, SHORTEST_SLEEP), LONGEST_SLEEP) if wait else 0)
