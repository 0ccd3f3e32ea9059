"""What an operator asks of the whole fleet: to pause, to resume, and how things stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from captionfleet_ledger import Fault, OutboxEntry
from captionfleet_producers.access import LedgerAccess
from captionfleet_producers.broker import Broker
from captionfleet_schemas import CaptionResult, JobState, Pause, PausedBy
from captionfleet_schemas.catalogue import MODELS
from captionfleet_schemas.pausing import FLEET_SCOPE, model_scope, tenant_scope


@dataclass(frozen=True, slots=True)
class PauseStanding:
    """A pause, and how many jobs wait for its end. More may stand in the queues that no worker has looked at yet."""

    pause: Pause
    parked: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the fleet stands."""

    jobs: Mapping[JobState, int]
    dead: int
    """Jobs in the dead set; they are among the failed ones."""
    pauses: tuple[PauseStanding, ...]
    faults: tuple[Fault, ...] = ()
    """Accounts that are left out while others are called."""


class Operations:
    """Every method raises `LedgerUnavailableError` when the ledger does not answer."""

    def __init__(self, access: LedgerAccess, broker: Broker) -> None:
        self._access = access
        self._broker = broker

    def pause(self, *, reason: str, tenant: str | None = None, model: str | None = None) -> bool:
        """Stop new calls: of a tenant, of a model, or of the whole fleet when neither is named.

        Jobs that are affected wait, use up no attempt, and go on after `resume`. Calls under way end as usual. An
        event `fleet.paused` says so.

        Returns:
            False when the same was paused by an operator already.

        Raises:
            ValueError: a tenant and a model are named.
        """
        scope = scope_of(tenant=tenant, model=model)
        with self._access.open() as ledger:
            event = ledger.pauses.begin(scope, by=PausedBy.OPERATOR, reason=reason)
        return self._tell(event)

    def resume(self, *, tenant: str | None = None, model: str | None = None) -> bool:
        """End a pause, an automatic one too, and wake its jobs. An event `fleet.resumed` says so.

        Returns:
            False when exactly that was not paused.

        Raises:
            ValueError: a tenant and a model are named.
        """
        scope = scope_of(tenant=tenant, model=model)
        with self._access.open() as ledger:
            event = ledger.pauses.end(scope, by=PausedBy.OPERATOR)
        return self._tell(event)

    def rejection(self, job_id: str) -> CaptionResult | None:
        """The failed result (`message_rejected`) of a job that does not exist because no worker could read its message.

        It is kept for a day. A valid message under the same id makes the job, and this is None again.
        """
        with self._access.open() as ledger:
            return ledger.rejections.get(job_id)

    def standing(self) -> Standing:
        """How many jobs there are in each state, what is paused, and which accounts are at fault."""
        with self._access.open() as ledger:
            pauses = tuple(PauseStanding(pause, ledger.pauses.parked(pause.scope)) for pause in ledger.pauses.all())
            faults = tuple(chain.from_iterable(ledger.breakers.faults(model).values() for model in MODELS))
            return Standing(ledger.listing.counts(), ledger.listing.dead(), pauses, faults)

    def _tell(self, event: OutboxEntry | None) -> bool:
        """Tell the world at once; if that fails, a worker's sweep does it."""
        if event is None:
            return False
        if self._broker.publish([event]):
            with self._access.open() as ledger:
                ledger.outbox.mark_published([event])
        return True


def scope_of(*, tenant: str | None, model: str | None) -> str:
    """The scope of a tenant, of a model, or of the fleet.

    Raises:
        ValueError: both are named.
    """
    if tenant is not None and model is not None:
        raise ValueError("name a tenant or a model, not both")
    if tenant is not None:
        return tenant_scope(tenant)
    return FLEET_SCOPE if model is None else model_scope(model)
