"""One thread per process renews the leases of all jobs in hand, in one round trip."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from captionfleet_ledger import Claim, Lease, Ledger, LedgerUnavailableError

log = structlog.get_logger()

RENEWALS_PER_LEASE = 3
HASTE = 5
"""So much sooner than usual leases are renewed again that could not be renewed."""
KEEPER = "lease-keeper"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A job in hand. `lost` is set once the job is no longer this worker's."""

    claim: Claim
    lost: threading.Event = field(default_factory=threading.Event)


class LeaseKeeper:
    """Holds the leases of one process until they are dropped or lost."""

    def __init__(
        self, ledger: Ledger, lease_seconds: float, *, beat: Callable[[str], None] = lambda _loop: None
    ) -> None:
        """`beat` is told the loop's name each time that it comes round."""
        self._beat = beat
        self._ledger = ledger
        self._lease_seconds = lease_seconds
        self._held: dict[Lease, Held] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=KEEPER, daemon=True)

    def start(self) -> None:
        """Start renewing in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing; leases still held run out by themselves."""
        self._stopped.set()
        self._thread.join()

    def hold(self, claim: Claim) -> Held:
        """Renew this claim's lease from now on."""
        held = Held(claim)
        with self._lock:
            self._held[claim.lease] = held
        return held

    def drop(self, held: Held) -> None:
        """Stop renewing this lease."""
        with self._lock:
            self._held.pop(held.claim.lease, None)

    def leases(self) -> Sequence[Lease]:
        """The leases of all jobs in hand."""
        with self._lock:
            return tuple(self._held)

    def renew(self) -> bool:
        """Renew everything once, and tell those whose job is gone.

        While the ledger cannot be reached the work goes on: whether it still counts is decided when it is settled.

        Returns:
            Whether the ledger answered.
        """
        leases = self.leases()
        if not leases:
            return True
        try:
            lost = self._written_back(self._ledger.jobs.renew(leases, self._lease_seconds))
        except LedgerUnavailableError as error:
            log.warning("leases.not_renewed", leases=len(leases), reason=str(error))
            return False
        for lease in lost:
            self._tell(lease)
        return True

    def _written_back(self, lost: frozenset[Lease]) -> frozenset[Lease]:
        """Write back what the ledger has lost, as in a failover. Returns the leases that are lost all the same."""
        with self._lock:
            claims = [held.claim for lease in lost if (held := self._held.get(lease))]
        restored = self._ledger.jobs.restore(claims, self._lease_seconds)
        for lease in restored:
            log.warning("lease.written_back", job_id=lease.job_id)
        return lost - restored

    def _tell(self, lease: Lease) -> None:
        with self._lock:
            held = self._held.pop(lease, None)
        if held is not None:
            log.info("lease.lost", job_id=lease.job_id)
            held.lost.set()

    def _run(self) -> None:
        pause = usual = self._lease_seconds / RENEWALS_PER_LEASE
        while not self._stopped.wait(pause):
            self._beat(KEEPER)
            try:
                pause = usual if self.renew() else usual / HASTE
            except Exception:
                # An error of our own in one renewal must not cost every job in hand its lease.
                log.exception("leases.internal_error")
