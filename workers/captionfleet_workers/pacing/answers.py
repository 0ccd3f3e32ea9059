"""Which calls of this process were answered last, as the ledger is not told of each by a fleet without limits."""

from threading import Lock


class Answers:
    """For each model the last two jobs whose calls were answered; safe to share by threads."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[tuple[str, float], ...]] = {}
        self._lock = Lock()

    def note(self, model: str, job_id: str, began: float) -> None:
        """A job's call that began then, in seconds since 1970, was answered."""
        with self._lock:
            others = (one for one in self._last.get(model, ()) if one[0] != job_id)
            latest = sorted([(job_id, began), *others], key=lambda one: one[1])
            self._last[model] = tuple(latest[-2:])

    def to_others(self, model: str, job_id: str) -> float | None:
        """When the last call began that another job had answered; None where there was none."""
        with self._lock:
            moments = [began for answered, began in self._last.get(model, ()) if answered != job_id]
        return max(moments, default=None)
