"""What a worker says on the broker: events to the results exchange, wake-up calls, and dead letters.

All of it is said on the ledger's behalf, which forgets what was said: so it counts as said when a queue has taken it.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

import structlog
from celery import Celery
from kombu import Connection, Producer, Queue

from captionfleet_ledger import OutboxEntry
from captionfleet_schemas.broker import CONFIRM_SECONDS
from captionfleet_schemas.wire import (
    CAPTION_TASK,
    DEAD_QUEUE,
    DELIVER_TASK,
    DELIVERIES_QUEUE,
    EVENT_QUEUES,
    RESULTS_EXCHANGE,
    RESULTS_QUEUE,
)
from captionfleet_workers.broker.channels import Channels, Publish
from captionfleet_workers.broker.depth import depth_of, drop_oldest
from captionfleet_workers.errors import BrokerUnavailableError, UnroutedError
from captionfleet_workers.topology import named_queue

log = structlog.get_logger()

_INEQUIVALENT = 406


class Publisher:
    """Publishes on channels of its own; safe to use from many threads.

    Every method raises BrokerUnavailableError when the broker cannot be reached, and UnroutedError when no queue takes
    what is said.
    """

    def __init__(self, app: Celery, unrouted: Callable[[str], None] = lambda _queue: None) -> None:
        """`unrouted` is told the queue that should have taken a message and has not."""
        self._app = app
        self._unrouted = unrouted
        url = str(app.conf.broker_url)
        self._events = {_topic(queue.binding): named_queue(url, queue.name) for queue in EVENT_QUEUES}
        self._results = self._events[_topic(RESULTS_QUEUE.binding)]
        self._dead = named_queue(url, DEAD_QUEUE)
        self._unread = {queue.name: queue for queue in (*self._events.values(), self._dead)}
        self._channels = Channels(app.connection_for_write)

    def declare(self) -> None:
        """Make the results exchange and all queues, so that nothing is dropped unseen.

        Raises:
            BrokerUnavailableError: also where RabbitMQ has one of them with other arguments.
        """
        with self._reaching_broker(), self._app.connection_for_write() as connection:
            for queue in (*self._unread.values(), *self._app.amqp.queues.values()):
                self._declare(queue, connection)

    def _declare(self, queue: Queue, connection: Connection) -> None:
        try:
            queue(connection.default_channel).declare()
        except self._channels.failures as error:
            if getattr(error, "reply_code", 0) != _INEQUIVALENT:
                raise
            raise UnroutedError(
                f"the broker has the queue {queue.name} with other arguments than this release gives it, or "
                f"its exchange is of another type; "
                f"docs/upgrades.md says how they are changed ({error})"
            ) from error

    def events(self, entries: Sequence[OutboxEntry]) -> tuple[OutboxEntry, ...]:
        """Publish events under their routing keys. The body is the CloudEvent itself, to the byte.

        Returns:
            Those that a queue has taken; the others stay in the outbox.
        """
        return tuple(entry for entry in entries if self._is_published(entry))

    def close(self) -> None:
        """Close the connections that are kept."""
        self._channels.close()

    def wake_up(self, job_id: str, queue: str) -> None:
        """Tell the workers of `queue` to look at a job."""
        self._send(CAPTION_TASK, {"job_id": job_id}, queue)

    def deliver(self, delivery_id: str) -> None:
        """Tell a worker that a webhook delivery is due."""
        self._send(DELIVER_TASK, {"delivery_id": delivery_id}, DELIVERIES_QUEUE)

    def bury(self, letter: bytes) -> None:
        """Put a dead letter where a person can look at it."""
        self._say(lambda producer: _publish(producer, letter, exchange="", routing_key=DEAD_QUEUE), self._dead)

    def depth(self, queue: str) -> int:
        """Messages that wait in a queue, those in the hands of workers not counted."""
        return self.depths([queue])[queue]

    def depths(self, queues: Iterable[str]) -> dict[str, int]:
        """Likewise of several, over one connection."""
        with self._reaching_broker(), self._app.connection_for_write() as connection:
            return {queue: depth_of(queue, connection) for queue in queues}

    def bound(self, unread: str, most: int) -> int:
        """Declare one of the queues that nobody of the fleet reads, and drop what is oldest beyond `most` messages.

        Returns:
            How many were dropped. What would take long is left to the next time; with 0 for `most` nothing is.

        Raises:
            UnroutedError: it cannot be declared, as it, or the exchange, is of another kind.
        """
        with self._reaching_broker(), self._app.connection_for_write() as connection:
            self._declare(self._unread[unread], connection)
            return drop_oldest(unread, most, connection) if most else 0

    def _send(self, task: str, kwargs: dict[str, str], queue: str) -> None:
        def publish(producer: Producer) -> object:
            return self._app.send_task(
                task,
                kwargs=kwargs,
                queue=queue,
                argsrepr="()",
                kwargsrepr=repr(kwargs),
                producer=producer,
                declare=[],
                retry=False,
                mandatory=True,
                confirm_timeout=CONFIRM_SECONDS,
            )

        self._say(publish, self._app.amqp.queues[queue])

    def _is_published(self, entry: OutboxEntry) -> bool:
        def publish(producer: Producer) -> None:
            _publish(producer, entry.body, exchange=RESULTS_EXCHANGE, routing_key=entry.routing_key)

        try:
            self._say(publish, self._events.get(_topic(entry.routing_key), self._results))
        except UnroutedError:
            return False
        return True

    def _say(self, publish: Publish, queue: Queue) -> None:
        try:
            self._channels.send(publish, queue)
        except UnroutedError as error:
            self._unrouted(queue.name)
            log.warning("message.unrouted", queue=queue.name, reason=str(error))
            raise

    @contextmanager
    def _reaching_broker(self) -> Generator[None]:
        try:
            yield
        except self._channels.failures as error:
            raise BrokerUnavailableError(str(error)) from error


def _publish(producer: Producer, body: bytes, *, exchange: str, routing_key: str) -> None:
    producer.publish(
        body,
        exchange=exchange,
        routing_key=routing_key,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        mandatory=True,
        confirm_timeout=CONFIRM_SECONDS,
    )


def _topic(routing_key: str) -> str:
    return routing_key.partition(".")[0]
