"""Open channels for events, kept between jobs: declared once each, as declaring costs more than publishing."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue

from kombu import Connection, Exchange, Producer, Queue

from captionfleet_ledger import OutboxEntry
from captionfleet_schemas.wire import EVENT_QUEUES, RESULTS_EXCHANGE

RESULTS = Exchange(RESULTS_EXCHANGE, type="topic", durable=True)
EVENTS = [Queue(queue.name, RESULTS, routing_key=queue.binding, durable=True) for queue in EVENT_QUEUES]


class EventSender:
    """Publishes to the results exchange; as many channels as threads that publish at the same time."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        """`connect` makes a connection, opened when it is used."""
        self._connect = connect
        self._idle: LifoQueue[tuple[Connection, Producer]] = LifoQueue()

    def send(self, entries: Sequence[OutboxEntry]) -> None:
        """Publish events under their routing keys. A broker's failure is raised as kombu raises it."""
        with self._producer() as producer:
            for entry in entries:
                producer.publish(
                    entry.body,
                    exchange=RESULTS_EXCHANGE,
                    routing_key=entry.routing_key,
                    content_type="application/json",
                    content_encoding="utf-8",
                    delivery_mode=2,
                )

    def close(self) -> None:
        """Close the idle channels."""
        while not self._idle.empty():
            self._idle.get_nowait()[0].release()

    @contextmanager
    def _producer(self) -> Generator[Producer]:
        try:
            connection, producer = self._idle.get_nowait()
        except Empty:
            connection, producer = self._open()
        try:
            yield producer
        except BaseException:
            connection.release()
            raise
        self._idle.put((connection, producer))

    def _open(self) -> tuple[Connection, Producer]:
        connection = self._connect()
        try:
            # Unlike `default_channel`, this tries to connect once and does not keep a job waiting for a broker.
            channel = connection.channel()
            for queue in EVENTS:
                queue(channel).declare()
            return connection, Producer(channel)
        except BaseException:
            connection.release()
            raise
