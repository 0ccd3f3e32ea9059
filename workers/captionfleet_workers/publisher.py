"""What a worker says on the broker: events to the results exchange, wake-up calls, and dead letters."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import LimitExceeded, OperationalError

from captionfleet_ledger import OutboxEntry
from captionfleet_schemas.broker import CONFIRM_SECONDS
from captionfleet_schemas.wire import CAPTION_TASK, DEAD_QUEUE, DELIVER_TASK, DELIVERIES_QUEUE, EVENT_QUEUES
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.event_sender import EventSender
from captionfleet_workers.topology import named_queue

_NOT_FOUND = 404
_INEQUIVALENT = 406


class Publisher:
    """Publishes through Celery's pool of broker connections; safe to use from many threads.

    Every method raises BrokerUnavailableError when the broker cannot be reached.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        url = str(app.conf.broker_url)
        self._events = [named_queue(url, queue.name) for queue in EVENT_QUEUES]
        self._dead = named_queue(url, DEAD_QUEUE)
        self._sender = EventSender(app.connection_for_write, self._events)
        connection = app.connection_for_write()
        self._failures: tuple[type[BaseException], ...] = (
            *connection.connection_errors,
            # Among these is a refusal to confirm.
            *connection.recoverable_connection_errors,
            *connection.channel_errors,
            OperationalError,
            LimitExceeded,
        )

    def declare(self) -> None:
        """Make the results exchange and all queues, so that nothing is dropped unseen.

        Raises:
            BrokerUnavailableError: also where RabbitMQ has one of them with other arguments.
        """
        with self._reaching_broker(), self._app.connection_for_write() as connection:
            for queue in (self._dead, *self._events, *self._app.amqp.queues.values()):
                self._declare(queue, connection)

    def _declare(self, queue: Queue, connection: Connection) -> None:
        try:
            queue(connection.default_channel).declare()
        except self._failures as error:
            if getattr(error, "reply_code", 0) != _INEQUIVALENT:
                raise
            raise BrokerUnavailableError(
                f"the broker has the queue {queue.name} with other arguments than this release gives it; "
                f"docs/upgrades.md says how they are changed ({error})"
            ) from error

    def events(self, entries: Sequence[OutboxEntry]) -> None:
        """Publish events under their routing keys. The body is the CloudEvent itself, to the byte."""
        if not entries:
            return
        with self._reaching_broker():
            try:
                self._sender.send(entries)
            except self._failures:
                # A kept channel may have died since it was last used; what went out before has the same event id.
                self._sender.close()
                self._sender.send(entries)

    def close(self) -> None:
        """Close the connections that are kept for events."""
        self._sender.close()

    def wake_up(self, job_id: str, queue: str) -> None:
        """Tell the workers of `queue` to look at a job."""
        self._send(CAPTION_TASK, {"job_id": job_id}, queue)

    def deliver(self, delivery_id: str) -> None:
        """Tell a worker that a webhook delivery is due."""
        self._send(DELIVER_TASK, {"delivery_id": delivery_id}, DELIVERIES_QUEUE)

    def bury(self, letter: bytes) -> None:
        """Put a dead letter where a person can look at it."""
        with self._reaching_broker(), self._app.producer_pool.acquire(block=True) as producer:
            producer.publish(
                letter,
                exchange=self._dead.exchange,
                routing_key=DEAD_QUEUE,
                declare=[self._dead],
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=2,
                confirm_timeout=CONFIRM_SECONDS,
                retry=True,
                retry_policy={"max_retries": 3, "interval_start": 0.1, "interval_step": 0.5, "interval_max": 2},
            )

    def depth(self, queue: str) -> int:
        """Messages that wait in a queue, those in the hands of workers not counted."""
        with self._reaching_broker(), self._app.connection_for_write() as connection:
            channel: Any = connection.default_channel
            try:
                return int(channel.queue_declare(queue, passive=True).message_count)
            except connection.channel_errors as error:
                # To Redis a queue without messages does not exist.
                if int(getattr(error, "reply_code", 0)) != _NOT_FOUND:
                    raise
                return 0

    def _send(self, task: str, kwargs: dict[str, str], queue: str) -> None:
        with self._reaching_broker():
            self._app.send_task(
                task,
                kwargs=kwargs,
                queue=queue,
                argsrepr="()",
                kwargsrepr=repr(kwargs),
                confirm_timeout=CONFIRM_SECONDS,
            )

    @contextmanager
    def _reaching_broker(self) -> Generator[None]:
        try:
            yield
        except self._failures as error:
            raise BrokerUnavailableError(str(error)) from error
