"""What the models have taught: how much audio one call really takes."""

from typing import Any

from captionfleet_ledger.store import Store

WEEK_SECONDS = 7 * 86_400.0
"""A service changes its mind; what it refused then is tried again."""


class Limits:
    """A limit lives in the shard of its model's name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def learn(self, model: str, seconds: float, *, lasts: float = WEEK_SECONDS) -> float:
        """Note that calls of a model should carry no more than `seconds` of audio. One round trip.

        Returns:
            The limit that holds: what was known already stays where it is lower.
        """
        return float(self._run("learn_limit", model, seconds, lasts))

    def seconds(self, model: str) -> float | None:
        """The learned limit in seconds of audio, or None. One round trip."""
        known = self._run("learned_limit", model)
        return float(known) if known else None

    def _run(self, script: str, model: str, *args: float) -> Any:
        return self._store.send(self._store.script(script, self._store.shard_of(model), model, *args))
