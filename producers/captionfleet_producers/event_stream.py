"""Reading events from the results queue: at least once, acknowledged as the caller goes on to the next one."""

import json
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from kombu import Connection, Consumer, Message, Producer, Queue

from captionfleet_producers.broker import broker_failures, connection_to
from captionfleet_producers.clock import Clock
from captionfleet_producers.errors import BrokerUnavailableError
from captionfleet_producers.settings import ProducerSettings
from captionfleet_producers.topology import named_queue
from captionfleet_schemas import CaptionEvent, FleetEvent, InvalidMessageError, UsageRecorded
from captionfleet_schemas.broker import CONFIRM_SECONDS, HEARTBEAT_SECONDS
from captionfleet_schemas.wire import DEAD_QUEUE, EventQueue

log = logging.getLogger(__name__)

AnyEvent = CaptionEvent | UsageRecorded | FleetEvent

_KINDS: Final[dict[str, type[AnyEvent]]] = {"usage": UsageRecorded, "fleet": FleetEvent}
"""By the first word of an event's type; all others are about captions."""

_TICK: Final = 0.5
"""Seconds; between two ticks without a message kombu looks for messages of consumers that died."""

_LONGEST_PAUSE: Final = 5.0
"""Seconds between two attempts to reach a broker that is gone."""

OWN_HAND: Final[dict[str, Any]] = {
    # On Redis, what a consumer has in hand is a list of its own, with a timeout of its own: a reader of events that
    # dies is noticed after minutes, and never touches the messages that workers hold for hours.
    "visibility_timeout": 300,
    "unacked_key": "captionfleet.results.unacked",
    "unacked_index_key": "captionfleet.results.unacked_index",
    "unacked_mutex_key": "captionfleet.results.unacked_mutex",
}


class EventStream:
    """One reader of event queues. Several readers of one queue share its events."""

    def __init__(self, settings: ProducerSettings, queues: Sequence[EventQueue], clock: Clock) -> None:
        self._url = settings.broker_url.get_secret_value()
        self._queues = [named_queue(self._url, queue.name) for queue in queues]
        self._connect_timeout = settings.send_timeout
        self._clock = clock
        self._handled: set[str] = set()
        self._quiet_since = clock.monotonic()
        self._left: int | None = None

    def read(self, limit: int | None, timeout: float | None) -> Iterator[AnyEvent]:
        """Events as they come.

        Args:
            limit: how many to give; None is no limit.
            timeout: seconds without any event after which the iterator ends; None never ends.

        Raises:
            BrokerUnavailableError: the broker could not be reached at first, or not again within `timeout`.
        """
        self._quiet_since = self._clock.monotonic()
        self._left = limit
        pause = 0.0
        connected = False
        while self._left != 0 and not self._is_idle(timeout):
            connection = connection_to(self._url, self._connect_timeout, redis=OWN_HAND, heartbeat=HEARTBEAT_SECONDS)
            try:
                with connection:
                    connection.ensure_connection(max_retries=1, interval_start=0)
                    connected, pause = True, 0.0
                    yield from self._session(connection, timeout)
            except broker_failures(connection) as error:
                if not connected or self._is_idle(timeout):
                    raise _unavailable(error) from error
                pause = min(pause * 2 or 0.1, _LONGEST_PAUSE)
                log.warning("lost the broker, trying again in %.1f s: %s", pause, error)
                self._clock.sleep(pause)

    def _session(self, connection: Connection, timeout: float | None) -> Iterator[AnyEvent]:
        arrived: deque[Message] = deque()
        with _consuming(connection, self._queues, arrived.append):
            self._quiet_since = self._clock.monotonic()
            while self._left != 0 and (arrived or not self._is_idle(timeout)):
                if not arrived:
                    _drain(connection)
                    continue
                yield from self._hand_out(connection, arrived.popleft())
                self._quiet_since = self._clock.monotonic()

    def _hand_out(self, connection: Connection, message: Message) -> Iterator[AnyEvent]:
        try:
            event = event_of(_text(message))
        except InvalidMessageError as error:
            self._bury(connection, message, error.reason)
            return
        # After a lost connection the broker repeats what was handled but not yet acknowledged.
        if event.id not in self._handled:
            yield event
            self._handled.add(event.id)
            self._left = self._left and self._left - 1
        message.ack()
        self._handled.discard(event.id)

    def _bury(self, connection: Connection, message: Message, reason: str) -> None:
        """Put a message that nobody can read where a person can look at it, and go on."""
        log.error("a message on the results queue cannot be read and goes to %s: %s", DEAD_QUEUE, reason)
        dead = named_queue(self._url, DEAD_QUEUE)
        Producer(connection).publish(
            {"reason": reason, "message": _text(message)},
            # The default exchange: on Redis it needs no binding, which somebody may have flushed.
            exchange="",
            routing_key=DEAD_QUEUE,
            declare=[dead],
            mandatory=True,
            confirm_timeout=CONFIRM_SECONDS,
        )
        message.ack()

    def _is_idle(self, timeout: float | None) -> bool:
        return timeout is not None and self._clock.monotonic() - self._quiet_since >= timeout


def event_of(body: bytes | str) -> AnyEvent:
    """Read an event from its JSON on the queue or in a webhook.

    Raises:
        InvalidMessageError: it is none of the kinds of events.
    """
    try:
        kind = str(json.loads(body)["type"])
    except (ValueError, KeyError, TypeError):
        raise InvalidMessageError("not a CloudEvents JSON object with a type", body) from None
    return _KINDS.get(kind.partition(".")[0], CaptionEvent).decode(body)


@contextmanager
def _consuming(
    connection: Connection, queues: Sequence[Queue], on_message: Callable[[Message], None]
) -> Generator[None]:
    """One message in hand at a time: what this reader cannot get to is free for another one."""
    with Consumer(connection, queues, on_message=on_message, prefetch_count=1) as consumer:
        try:
            yield
        finally:
            # On a broken connection the broker takes back by itself what was in hand.
            with suppress(*broker_failures(connection)):
                consumer.recover(requeue=True)


def _drain(connection: Connection) -> None:
    try:
        connection.drain_events(timeout=_TICK)
    except TimeoutError:
        # Without heartbeats a broker that has vanished looks like one that has nothing to say.
        connection.heartbeat_check(rate=1)


def _text(message: Message) -> str:
    body: object = message.body
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def _unavailable(error: BaseException) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        f"the broker does not answer: {str(error).rstrip('.')}: "
        "see that CAPTIONFLEET_BROKER_URL is right and its server runs"
    )
