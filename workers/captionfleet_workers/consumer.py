"""Celery's consumer without delayed delivery, which no message of ours asks for, long waits, and confirmed events.

Where it finds a quorum queue, Celery declares 28 more of them at each start, for tasks with a countdown. The ledger
keeps what is to happen later.
"""

from functools import partial
from typing import Any

from celery.worker import consumer
from kombu import Connection

RECONNECTS = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 3.0}
"""Seconds between two tries to reach the broker. Kombu's own waits grow up to 30 s, in which a worker is idle although
the broker is back."""

NAME = f"{__name__}:Consumer"

_Base: Any = consumer.Consumer


class Consumer(_Base):  # type: ignore[misc]  # celery's stubs leave out the blueprint
    """A consumer that declares its own queues and nothing else."""

    class Blueprint(_Base.Blueprint):  # type: ignore[misc]  # likewise
        """What it starts, in order."""

        default_steps = tuple(step for step in _Base.Blueprint.default_steps if not step.endswith(":DelayedDelivery"))

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long the broker is away."""
        # Celery has no setting for the waits.
        conn.ensure_connection = partial(conn.ensure_connection, **RECONNECTS)
        return super().ensure_connected(conn)

    def connection_for_write(self, url: str | None = None, heartbeat: float | None = None) -> Any:
        """The connection of task events."""
        return self.ensure_connected(without_confirms(self.app.connection_for_write(url=url, heartbeat=heartbeat)))


def without_confirms(connection: Connection) -> Connection:
    """A connection that is not open yet, on which nobody waits for the broker to confirm what was sent.

    Celery sends task events from many threads, and reads their connection in the event loop as well: there the loop
    takes the confirmation that a thread waits for, with the lock of all events in its hand. Worker and messages then
    stand still until RabbitMQ misses a heartbeat, after 90 s.
    """
    connection.transport_options = {**(connection.transport_options or {}), "confirm_publish": False}
    return connection
