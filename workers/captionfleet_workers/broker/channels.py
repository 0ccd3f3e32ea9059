"""Channels to publish on, kept between jobs, and the rule that published means routed: some queue took the message.

What is missing at the broker, as after somebody has flushed it, is declared again on the way.
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, LifoQueue
from typing import Any

from kombu import Connection, Producer, Queue
from kombu.exceptions import LimitExceeded, OperationalError

from captionfleet_schemas.broker import REDECLARE_SECONDS
from captionfleet_workers.errors import BrokerUnavailableError, UnroutedError

Publish = Callable[[Producer], object]
"""Publishes one message, with `mandatory`, so that one without a queue comes back."""


@dataclass(slots=True)
class Line:
    """An open channel: what was declared on it, and what has come back since somebody looked."""

    connection: Connection
    channel: Any
    producer: Producer
    declared: set[str] = field(default_factory=set[str])
    returned: list[str] = field(default_factory=list[str])

    def declare(self, queue: Queue) -> None:
        """Make a queue with its exchange and binding, once: declaring costs more than publishing."""
        if queue.name not in self.declared:
            queue(self.channel).declare()
            self.declared.add(queue.name)

    def take_back(self, error: Exception, *_message: object) -> None:
        """The broker returns a message, which it does before it confirms it."""
        self.returned.append(str(error))


class Channels:
    """As many as threads that publish at the same time. Safe to share by threads."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        """`connect` makes a connection, opened when it is used."""
        self._connect = connect
        self._idle: LifoQueue[Line] = LifoQueue()
        connection = connect()
        self._refusals: tuple[type[BaseException], ...] = connection.channel_errors
        self.failures: tuple[type[BaseException], ...] = (
            *connection.connection_errors,
            # Among these is a refusal to confirm.
            *connection.recoverable_connection_errors,
            *connection.channel_errors,
            OperationalError,
            LimitExceeded,
        )

    def send(self, publish: Publish, queue: Queue) -> None:
        """Publish one message that `queue`, or another one besides it, has to take.

        It may be published twice, as a kept channel may have died, or its queue vanished, since it was last used.

        Raises:
            UnroutedError: the broker answers, and no queue has taken it.
            BrokerUnavailableError: the broker cannot be reached.
        """
        with self._told():
            try:
                returned = self._publish(publish, queue, self._kept)
                if returned:
                    time.sleep(REDECLARE_SECONDS)
            except self.failures as error:
                self.close()
                returned = str(error) or type(error).__name__
            if returned:
                # A new channel declares what it needs.
                returned = self._publish(publish, queue, self._open)
        if returned:
            raise UnroutedError(f"no queue has taken a message, although {queue.name} was declared for it: {returned}")

    def close(self) -> None:
        """Close the idle channels."""
        while not self._idle.empty():
            self._idle.get_nowait().connection.release()

    def _publish(self, publish: Publish, queue: Queue, take: Callable[[], Line]) -> str:
        """Why it came back, or nothing."""
        with self._taken(take) as line:
            line.declare(queue)
            publish(line.producer)
            return "; ".join(line.returned)

    @contextmanager
    def _taken(self, take: Callable[[], Line]) -> Generator[Line]:
        line = take()
        try:
            yield line
        except BaseException:
            line.connection.release()
            raise
        if line.returned:
            # It believes in a queue that is not there.
            line.connection.release()
        else:
            self._idle.put(line)

    def _kept(self) -> Line:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._open()

    def _open(self) -> Line:
        connection = self._connect()
        try:
            # Unlike `default_channel`, this tries to connect once and does not keep a job waiting for a broker.
            channel: Any = connection.channel()
            line = Line(connection, channel, Producer(channel, auto_declare=False))
            channel.events["basic_return"].add(line.take_back)
        except BaseException:
            connection.release()
            raise
        return line

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except self._refusals as error:
            raise UnroutedError(f"the broker does not take a message: {error}") from error
        except self.failures as error:
            raise BrokerUnavailableError(str(error)) from error
