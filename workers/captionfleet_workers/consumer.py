"""Celery's consumer, which no message can stop, without delayed delivery, long waits, and confirmed events.

Every message is brought into form before Celery sees it (`broker/receiving.py`). Where Celery finds a quorum queue, it
declares 28 more of them at each start, for tasks with a countdown. The ledger keeps what is to happen later.
"""

import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from amqp.exceptions import ConsumerCancelled
from celery.utils.log import get_logger
from celery.worker import consumer
from kombu import Connection

from captionfleet_schemas.broker import REDECLARE_SECONDS
from captionfleet_workers.broker.receiving import prepare

log = structlog.get_logger()
logger = get_logger(__name__)

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

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Celery chooses its loop here and calls it later.
        self.loop: Callable[..., None] = partial(
            _guarded,
            getattr(self, "loop"),  # noqa: B009  mypy cannot tell its type
            self.connection_errors + self.channel_errors,
        )

    def create_task_handler(self, *arguments: Any, **options: Any) -> Callable[[Any], None]:
        """What is called with each message. It raises nothing but errors of the connection."""
        handle = super().create_task_handler(*arguments, **options)
        # Kombu counts a KeyError among what a lost connection to Redis raises.
        of_connection = tuple(
            error for error in (*self.connection_errors, *self.channel_errors) if not issubclass(error, LookupError)
        )

        def on_message(message: Any) -> None:
            try:
                prepare(message, self._queue_of(message), time.time())
                handle(message)
            except of_connection:
                raise
            except Exception as error:  # noqa: BLE001  the last resort: a fault of ours costs one message, not the worker
                log.error("message.rejected", error=type(error).__name__, at=_place_of(error))  # noqa: TRY400  a traceback could repeat the message
                message.reject_log_error(logger, of_connection)

        return on_message

    def _queue_of(self, message: Any) -> str | None:
        tag = message.delivery_info.get("consumer_tag")
        if tag is None:
            return str(message.delivery_info.get("routing_key"))
        return next((queue for queue, one in self.task_consumer._active_tags.items() if one == tag), None)  # noqa: SLF001  kombu tells it in no other way

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Leave the connection behind. What follows declares the queues again."""
        super().on_connection_error_after_connected(exc)
        if isinstance(exc, ConsumerCancelled):
            time.sleep(REDECLARE_SECONDS)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long the broker is away."""
        # Celery has no setting for the waits.
        conn.ensure_connection = partial(conn.ensure_connection, **RECONNECTS)
        return super().ensure_connected(conn)

    def connection_for_write(self, url: str | None = None, heartbeat: float | None = None) -> Any:
        """The connection of task events."""
        return self.ensure_connected(without_confirms(self.app.connection_for_write(url=url, heartbeat=heartbeat)))


def _guarded(
    loop: Callable[..., None], known: tuple[type[BaseException], ...], *arguments: Any, **options: Any
) -> None:
    """Run Celery's event loop; whatever else than a lost connection ends it is taken for one.

    Celery then connects anew. Anything else would end the process, and the same message the next one.

    Raises:
        ConnectionError: what ended the loop is in the log, by its kind and place; its text could repeat a message.
    """
    try:
        loop(*arguments, **options)
    except known:
        raise
    except Exception as error:  # noqa: BLE001  the last resort
        log.error("consumer.failed", error=type(error).__name__, at=_place_of(error))  # noqa: TRY400  likewise
        raise ConnectionError("the event loop failed") from None


def _place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def without_confirms(connection: Connection) -> Connection:
    """A connection that is not open yet, on which nobody waits for the broker to confirm what was sent.

    Celery sends task events from many threads, and reads their connection in the event loop as well: there the loop
    takes the confirmation that a thread waits for, with the lock of all events in its hand. Worker and messages then
    stand still until RabbitMQ misses a heartbeat, after 90 s.
    """
    connection.transport_options = {**(connection.transport_options or {}), "confirm_publish": False}
    return connection
