"""Whether this worker's machine is fit for work: it steps aside when it is not, and comes back when a check passes."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

import structlog

from captionfleet_workers.lifecycle.checks import Check, failure_of
from captionfleet_workers.lifecycle.faults import POLICIES, MachineFault
from captionfleet_workers.lifecycle.standing import Aside, Back, GiveUp, after_check, stepped_aside

log = structlog.get_logger()

HEALTH = "health"
LONGEST_SLEEP = 15.0
FRESH_SECONDS = 2.0
"""How long the answer of a check counts for others who ask."""
FALSE_ALARMS = 3
"""A job that shows a fault so often, each time of a machine whose check passes at once, is itself at fault."""
REMEMBERED_JOBS = 1000


class Health:
    """The faults for which this process stands aside, and one thread that checks them. Safe to share by threads."""

    def __init__(
        self,
        checks: Mapping[MachineFault, Check],
        *,
        relief: Mapping[MachineFault, Callable[[], object]],
        limit: float,
        beat: Callable[[str], None] = lambda _loop: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is checked before `start`.

        Args:
            checks: of each fault; what one raises says why it has not passed.
            relief: what is done at once about a fault, if anything can be.
            limit: seconds aside after which the process is given up.
            beat: is told the loop's name each time that it comes round.
            clock: monotonic, in seconds.
        """
        self._checks = checks
        self._relief = relief
        self._limit = limit
        self._beat = beat
        self._clock = clock
        self._asides: dict[MachineFault, Aside] = {}
        self._answers: dict[MachineFault, tuple[float, str | None]] = {}
        self._asking = {fault: threading.Lock() for fault in checks}
        self._false_alarms: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._called = threading.Event()
        self._stopped = threading.Event()
        self._give_up: Callable[[Aside], None] = lambda _aside: None
        self._thread = threading.Thread(target=self._run, name=HEALTH, daemon=True)

    def start(self, give_up: Callable[[Aside], None]) -> None:
        """Start checking; `give_up` ends the process."""
        self._give_up = give_up
        self._thread.start()

    def stop(self) -> None:
        """Stop checking."""
        self._stopped.set()
        self._called.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def aside(self) -> MachineFault | None:
        """The fault for which the worker stands aside, the first if there are several; None: all is well."""
        return next(iter(self._asides.copy()), None)

    @property
    def holds_deliveries(self) -> bool:
        """Whether webhook deliveries have to wait as well."""
        return any(POLICIES[fault].holds_deliveries for fault in self._asides.copy())

    def has(self, fault: MachineFault) -> bool:
        """Whether the worker stands aside for this fault."""
        return fault in self._asides

    def step_aside(self, fault: MachineFault, reason: str, job_id: str = "") -> None:
        """Take no more work until the check of this fault passes."""
        with self._lock:
            if fault in self._asides:
                return
            self._asides[fault] = stepped_aside(fault, reason, job_id, now=self._clock())
            if fault in self._relief:
                self._relief[fault]()
        policy = POLICIES[fault]
        log.error("worker.steps_aside", fault=fault, means=policy.means, remedy=policy.remedy, reason=reason)
        self._called.set()

    def confirms(self, fault: MachineFault) -> str | None:
        """Check now whether there is a fault, as others have just done or in the calling thread. Why, or None."""
        with self._asking[fault]:
            asked_at, answer = self._answers.get(fault, (float("-inf"), None))
            if self._clock() - asked_at >= FRESH_SECONDS:
                answer = failure_of(self._checks[fault])
                self._answers[fault] = self._clock(), answer
            return answer

    def is_doubtful(self, job_id: str) -> bool:
        """Whether a job has shown faults of a machine that had none."""
        return self._false_alarms[job_id] >= FALSE_ALARMS

    def check(self) -> float:
        """Make the checks that are due. Returns seconds until the next."""
        for aside in tuple(self._asides.values()):
            if aside.due <= self._clock():
                self._follow(aside, failure_of(self._checks[aside.fault]))
        due = min((aside.due for aside in tuple(self._asides.values())), default=float("inf"))
        return min(max(due - self._clock(), 0.0), LONGEST_SLEEP)

    def _follow(self, aside: Aside, failure: str | None) -> None:
        decision = after_check(aside, failure, now=self._clock(), limit=self._limit)
        match decision:
            case Back():
                self._come_back(aside)
            case GiveUp():
                self._give_up(aside)
            case Aside():
                log.warning("worker.still_aside", fault=aside.fault, reason=failure, checks=decision.failed)
                self._asides[aside.fault] = decision

    def _come_back(self, aside: Aside) -> None:
        with self._lock:
            if not aside.failed and aside.job_id:
                self._note_false_alarm(aside.job_id)
            del self._asides[aside.fault]
        log.warning("worker.is_back", fault=aside.fault, seconds=round(self._clock() - aside.since, 1))

    def _note_false_alarm(self, job_id: str) -> None:
        if len(self._false_alarms) >= REMEMBERED_JOBS:
            self._false_alarms.clear()
        self._false_alarms[job_id] += 1

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._beat(HEALTH)
            self._called.clear()
            self._called.wait(self.check())
