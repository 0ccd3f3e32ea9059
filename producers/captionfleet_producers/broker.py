"""Sending: wake-up calls for jobs by task name, and events to the results exchange."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import KombuError
from kombu.pools import ProducerPool

from captionfleet_ledger import OutboxEntry
from captionfleet_producers.errors import InvalidSettingsError
from captionfleet_producers.routing import UnroutedError, is_bound, returned
from captionfleet_producers.topology import named_queue
from captionfleet_schemas import CaptionJob
from captionfleet_schemas.broker import (
    REDECLARE_SECONDS,
    celery_options,
    is_rabbitmq,
    queue_options,
    tls_options,
    transport_options,
)
from captionfleet_schemas.wire import CAPTION_TASK, EVENT_QUEUES, LANE_QUEUES, RESULTS_EXCHANGE

log = logging.getLogger(__name__)

_SCHEMES: Final = ("redis", "rediss", "redis+socket", "amqp", "amqps", "pyamqp")

_CONNECTIONS: Final = 16
"""Threads beyond that many wait their turn to send."""

_RETRY: Final[dict[str, Any]] = {
    # One more try, as a pooled connection may have died since it was last used. Longer trouble is the sweep's work.
    "retry": True,
    "retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0},
}


class _Sender(Celery):
    """An app without results, even where `CELERY_RESULT_BACKEND` is set for the tasks of the service around it."""

    backend_cls = "disabled"


class Broker:
    """A pool of connections that only sends. Nothing is connected before the first message; safe to share by threads.

    The pool is kombu's and not the app's: an app prefers `CELERY_BROKER_URL` to the address that it is given.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        self._timeout = timeout
        self._connection = connection_to(
            url, timeout, redis={"socket_connect_timeout": timeout, "socket_timeout": timeout}
        )
        self._failures = broker_failures(self._connection)
        self._pool = self._connection.Pool(_CONNECTIONS)
        self._producers = ProducerPool(self._pool, limit=_CONNECTIONS)
        self._app = _Sender("captionfleet", set_as_current=False)
        self._app.conf.update(
            celery_options(url), task_queues={name: queue_options(url, name) for name in LANE_QUEUES.values()}
        )
        self._returns = is_rabbitmq(url)
        self._lanes = {lane: named_queue(url, name) for lane, name in LANE_QUEUES.items()}
        self._event_queues = {_topic(queue.binding): named_queue(url, queue.name) for queue in EVENT_QUEUES}

    def send(self, jobs: Sequence[CaptionJob]) -> tuple[str, ...]:
        """Wake a worker for each job. Returns the ids of those for which it failed, which is every one after the first.

        The message carries the id alone: the ledger holds the job.
        """
        sent = 0
        try:
            with self._producers.acquire(block=True, timeout=self._timeout) as producer:
                for job in jobs:
                    self._wake_up(producer, job)
                    sent += 1
        except UnroutedError as error:
            log.warning("%s", error)
        except self._failures as error:
            log.warning("the broker does not answer: %s", error)
        return tuple(job.id for job in jobs[sent:])

    def publish(self, entries: Sequence[OutboxEntry]) -> bool:
        """Publish events, to the byte, under their routing keys. False if it is not so that a queue took each."""
        try:
            with self._producers.acquire(block=True, timeout=self._timeout) as producer:
                for entry in entries:
                    self._publish(producer, entry)
        except UnroutedError as error:
            log.warning("%s", error)
            return False
        except self._failures as error:
            log.warning("the broker does not answer: %s", error)
            return False
        return True

    def close(self) -> None:
        """Close all connections."""
        self._pool.force_close_all()
        self._connection.release()
        self._app.close()

    def _wake_up(self, producer: Any, job: CaptionJob) -> None:
        kwargs = {"job_id": job.id}

        def send() -> object:
            return self._app.send_task(
                CAPTION_TASK,
                kwargs=kwargs,
                task_id=job.id,
                root_id=job.id,
                queue=LANE_QUEUES[job.lane],
                producer=producer,
                argsrepr="()",
                kwargsrepr=repr(kwargs),
                ignore_result=True,
                add_to_parent=False,
                mandatory=True,
                confirm_timeout=self._timeout,
                **_RETRY,
            )

        # To the default exchange, in which Redis has each queue as soon as it has a message.
        self._say(self._lanes[job.lane], lambda: self._is_taken(producer, send))

    def _publish(self, producer: Any, entry: OutboxEntry) -> None:
        queue = self._event_queues[_topic(entry.routing_key)]
        producer.maybe_declare(queue)

        def send() -> object:
            return producer.publish(
                entry.body,
                exchange=RESULTS_EXCHANGE,
                routing_key=entry.routing_key,
                content_type="application/json",
                content_encoding="utf-8",
                mandatory=True,
                confirm_timeout=self._timeout,
                **_RETRY,
            )

        def is_routed() -> bool:
            bound = self._returns or is_bound(producer.channel, RESULTS_EXCHANGE, entry.routing_key)
            return bound and self._is_taken(producer, send)

        self._say(queue, is_routed)

    def _say(self, queue: Queue, is_routed: Callable[[], bool]) -> None:
        """Publish a message; where no queue takes it, declare the one that should, and try once more.

        Raises:
            UnroutedError: that has not helped.
        """
        if is_routed():
            return
        if self._returns:
            time.sleep(REDECLARE_SECONDS)
        # The connection that was used believes in a queue that is not there.
        with self._connection.clone() as fresh:
            queue(fresh.channel()).declare()
        if not is_routed():
            raise UnroutedError(f"the broker has no queue for a message, although {queue.name} was declared for it")

    def _is_taken(self, producer: Any, send: Callable[[], object]) -> bool:
        if not self._returns:
            send()
            return True
        with returned(producer.channel) as reasons:
            send()
        return not reasons


def _topic(routing_key: str) -> str:
    return routing_key.partition(".")[0]


def connection_to(url: str, timeout: float, *, redis: Mapping[str, Any], heartbeat: float = 0) -> Connection:
    """A connection that is not yet open.

    Args:
        url: the broker's address.
        timeout: seconds that connecting may take.
        redis: kombu transport options that differ from the fleet's, should the broker be a Redis.
        heartbeat: seconds, for RabbitMQ and a connection whose user calls `heartbeat_check`; 0 is none.

    Raises:
        InvalidSettingsError: it is not the address of a broker that the fleet runs on.
    """
    scheme = url.partition("://")[0]
    if scheme not in _SCHEMES:
        raise InvalidSettingsError(f"CAPTIONFLEET_BROKER_URL: {scheme}:// is none of {', '.join(_SCHEMES)}")
    options = transport_options(url) | (dict(redis) if scheme.startswith("redis") else {})
    return Connection(
        url, connect_timeout=timeout, transport_options=options, ssl=tls_options(url) or False, heartbeat=heartbeat
    )


def broker_failures(connection: Connection) -> tuple[type[BaseException], ...]:
    """Everything that a failing broker makes kombu and its transports raise."""
    return (
        KombuError,
        OSError,
        *connection.connection_errors,
        # Among these is a refusal to confirm.
        *connection.recoverable_connection_errors,
        *connection.channel_errors,
    )
