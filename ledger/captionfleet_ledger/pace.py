"""The fleet-wide limits of the model: requests and tokens per second, and cool-downs."""

from typing import Any

from captionfleet_ledger.records import Cooling, Permit
from captionfleet_ledger.store import Store


class Pace:
    """A limit has a name, such as the model's, and lives in the shard of that name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def acquire(
        self, key: str, *, tokens: int, requests_per_second: float, tokens_per_second: float, hold: float
    ) -> Permit:
        """Ask for one call of the model. One round trip.

        There are no bursts: after idle the first call goes at once, the next one 1 / rate later.

        Args:
            key: the name of the limit.
            tokens: what the call will use, by estimate; `settle` corrects it.
            requests_per_second: 0 for no limit.
            tokens_per_second: 0 for no limit.
            hold: how many seconds the caller is willing to sleep; later moments are not reserved.
        """
        granted, wait, reason = self._run("acquire_permit", key, tokens, requests_per_second, tokens_per_second, hold)
        return Permit(bool(granted), float(wait), reason.decode() or None)

    def settle(self, key: str, tokens_delta: int, tokens_per_second: float) -> None:
        """Correct an estimate: `tokens_delta` is real usage less the estimate."""
        if tokens_delta and tokens_per_second > 0:
            self._run("settle_tokens", key, tokens_delta, tokens_per_second)

    def cool_down(self, key: str, seconds: float, reason: str) -> None:
        """Grant nobody a permit for so many seconds; a longer cool-down that is on already stays."""
        self._run("cool_down", key, seconds, reason)

    def cooling(self, key: str) -> Cooling | None:
        """The cool-down that is on, or None."""
        seconds, reason = self._run("cooling", key)
        return Cooling(float(seconds), reason.decode()) if float(seconds) > 0 else None

    def _run(self, script: str, key: str, *args: str | float) -> Any:
        return self._store.send(self._store.script(script, self._store.shard_of(key), key, *args))
