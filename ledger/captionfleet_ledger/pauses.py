"""Pauses of the fleet, of a tenant or of a model, and the probes that find out whether one may end."""

from collections.abc import Sequence
from datetime import datetime

from captionfleet_ledger.moments import moment
from captionfleet_ledger.records import OutboxEntry, QueuedJob
from captionfleet_ledger.server import Argument
from captionfleet_ledger.store import Store
from captionfleet_schemas import JobState
from captionfleet_schemas.pausing import FleetEvent, Pause, PausedBy

FIRST_PROBE_SECONDS = 60.0
LONGEST_PROBE_SECONDS = 600.0
NO_EVENT = ("", "", "")


class Pauses:
    """Every shard knows the pauses, so that a claim sees them in its own round trip.

    The shard of a scope's name is the scope's home: it decides whether a pause is new, and keeps its event and probes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(
        self, scope: str, *, by: PausedBy, reason: str, first_probe: float = FIRST_PROBE_SECONDS
    ) -> OutboxEntry | None:
        """Pause a scope: its jobs are parked when they are claimed. Two round trips.

        Args:
            scope: `fleet`, or what `tenant_scope` or `model_scope` make.
            by: an operator's pause replaces an automatic one, never the other way round.
            reason: one line for people.
            first_probe: seconds until one job is let through an automatic pause; each later probe waits twice as long.

        Returns:
            The event to publish and to mark as published, or None when the scope is paused already.
        """
        now = self._now()
        pause = Pause(scope=scope, by=by, reason=reason, since=now)
        event = _entry(FleetEvent.paused(pause))
        body = pause.encode()
        replies = self._everywhere("pause", scope, (by.value, body), event, first_probe)
        return event if replies[self._home(scope)] else None

    def end(self, scope: str, *, by: PausedBy) -> OutboxEntry | None:
        """End the pause of a scope and wake its jobs. Two round trips.

        Args:
            scope: as in `begin`.
            by: an operator ends any pause, a probe that succeeded only an automatic one.

        Returns:
            The event to publish and to mark as published, or None when there was no such pause.
        """
        known = {pause.scope: pause for pause in self.all()}.get(scope)
        if known is None:
            return None
        event = _entry(FleetEvent.resumed(known, self._now()))
        replies = self._everywhere("resume", scope, (by.value,), event)
        return event if replies[self._home(scope)] else None

    def all(self) -> tuple[Pause, ...]:
        """The pauses that are on, by scope. One round trip."""
        pauses = map(Pause.decode, self._store.send(("HVALS", f"{self._store.prefixes[0]}pauses")))
        return tuple(sorted(pauses, key=lambda pause: pause.scope))

    def parked(self, scope: str) -> int:
        """How many jobs wait for the end of a scope's pause. One round trip."""
        return sum(self._store.send_all([("ZCARD", f"{prefix}parked:{scope}") for prefix in self._store.prefixes]))

    def probe(self, scope: str) -> QueuedJob | None:
        """Let one job through an automatic pause, if its time has come and no earlier probe is still under way.

        Returns:
            What to send and to mark as sent, or None.
        """
        if self._is_being_probed(scope):
            return None
        job_id = self._first_parked(scope)
        if job_id is None or not self._store.send(
            self._store.script("begin_probe", self._home(scope), scope, job_id, LONGEST_PROBE_SECONDS)
        ):
            return None
        queue = self._store.send(self._store.script("let_through", self._store.shard_of(job_id), job_id, scope))
        return QueuedJob(job_id, queue.decode()) if queue else None

    def _is_being_probed(self, scope: str) -> bool:
        """Whether it is too early for a probe, or the job of the last one has neither ended nor been parked again."""
        home = self._store.prefixes[self._home(scope)]
        (at, job_id), time = self._store.send_all([("HMGET", f"{home}probe:{scope}", "at", "job"), self._store.now()])
        if at is None or float(at) > self._store.clock_of(time):
            return True
        return bool(job_id) and self._state(job_id.decode()) in {JobState.QUEUED, JobState.RUNNING}

    def _state(self, job_id: str) -> str:
        state = self._store.send(("HGET", f"{self._store.prefixes[self._store.shard_of(job_id)]}job:{job_id}", "state"))
        return (state or b"").decode()

    def _first_parked(self, scope: str) -> str | None:
        commands = [("ZRANGE", f"{prefix}parked:{scope}", 0, 0, "WITHSCORES") for prefix in self._store.prefixes]
        heads = [(float(reply[1]), reply[0].decode()) for reply in self._store.send_all(commands) if reply]
        return min(heads)[1] if heads else None

    def _everywhere(
        self, script: str, scope: str, what: tuple[Argument, ...], event: OutboxEntry, *rest: float
    ) -> Sequence[int]:
        """Run a script on every shard, home included, in one round trip; the event is written at home alone."""
        home, grace = self._home(scope), self._store.options.publish_grace
        told = (event.event_id, event.routing_key, event.body)
        return self._store.send_all(
            [
                self._store.script(script, shard, scope, *what, *(told if shard == home else NO_EVENT), grace, *rest)
                for shard in range(len(self._store.prefixes))
            ]
        )

    def _home(self, scope: str) -> int:
        return self._store.shard_of(scope)

    def _now(self) -> datetime:
        return moment(self._store.clock_of(self._store.send(self._store.now())))


def _entry(event: FleetEvent) -> OutboxEntry:
    return OutboxEntry(event.id, event.type, event.encode(), event.subject)
