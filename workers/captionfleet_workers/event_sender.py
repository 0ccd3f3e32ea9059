"""Open channels for events, kept between jobs: declared once each, as declaring costs more than publishing."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue

from kombu import Connection, Producer, Queue

from captionfleet_ledger import OutboxEntry
from captionfleet_schemas.broker import CONFIRM_SECONDS
from captionfleet_schemas.wire import RESULTS_EXCHANGE


class EventSender:
    """Publishes to the results exchange; as many channels as threads that publish at the same time."""

    def __init__(self, connect: Callable[[], Connection], queues: Sequence[Queue]) -> None:
        """`connect` makes a connection, opened when it is used; `queues` are those that events go to."""
        self._connect = connect
        self._queues = queues
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
                    confirm_timeout=CONFIRM_SECONDS,
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
            for queue in self._queues:
                queue(channel).declare()
            return connection, Producer(channel)
        except BaseException:
            connection.release()
            raise
