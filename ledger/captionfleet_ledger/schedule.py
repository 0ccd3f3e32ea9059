"""Jobs that are not to be worked on before a moment that their sender has named."""

from captionfleet_ledger.store import Store


class Schedule:
    """Every call may raise LedgerUnavailableError and may then be repeated."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def postpone(self, job_id: str, until: float) -> bool:
        """Let a queued job that nobody has started wait; then, or at its deadline, a sweep queues it. One round trip.

        Args:
            job_id: as the queue message has it.
            until: seconds since 1970, by the ledger's clock.

        Returns:
            False when there is no such job, or it has been started, or waits already.
        """
        return bool(
            self._store.send(self._store.script("postpone", self._store.shard_of(job_id), job_id, f"{until:.6f}"))
        )
