"""How a worker takes messages off Redis lists, so that nothing on a list, or about one, can end it.

Kombu takes an item off a list and then hopes that it can be read. Here an item is brought into form first, and goes to
`captionfleet.dead` where it is in the way; a key of another type than a list is left out for a while.
"""

import json
import time
from queue import Empty
from typing import Any

import structlog
from kombu.transport import redis
from kombu.utils.encoding import bytes_to_str
from redis.exceptions import RedisError, ResponseError

from captionfleet_schemas.wire import DEAD_QUEUE
from captionfleet_workers.broker.envelope import envelope_of
from captionfleet_workers.broker.messages import ListMessage

log = structlog.get_logger()

ASIDE_SECONDS = 15.0
"""How long a key that is no list is left alone before it is looked at again."""

_WRONG_TYPE = "WRONGTYPE"
_Channel: Any = redis.Channel
_QoS: Any = redis.QoS


class QoS(_QoS):  # type: ignore[misc]  # kombu's stubs leave the class out
    """Messages in hand. One that is rejected for good becomes a dead letter, as it does on RabbitMQ."""

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give a message back, or put it aside."""
        if not requeue:
            self._bury(delivery_tag)
        super().reject(delivery_tag, requeue=requeue)

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back on its list; what somebody else has written among those in hand is put aside."""
        with self.channel.conn_or_acquire(client) as connected:
            kept = connected.hget(self.unacked_key, tag)
            if kept and not _is_restorable(kept):
                log.error(
                    "message.dead_lettered", reason="what is kept of a message in hand is not what a worker wrote"
                )
                connected.lpush(DEAD_QUEUE, kept)
                self._remove_from_indices(tag).execute()
            else:
                super().restore_by_tag(tag, connected, leftmost)

    def _bury(self, tag: str) -> None:
        with self.channel.conn_or_acquire() as client:
            kept = client.hget(self.unacked_key, tag)
            if kept:
                message, *_ = json.loads(kept)
                client.lpush(DEAD_QUEUE, json.dumps(message))


def _is_restorable(kept: bytes | str) -> bool:
    try:
        message, exchange, routing_key = json.loads(kept)
        place = message["properties"]["delivery_info"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return (
        isinstance(place, dict) and isinstance(message.get("headers"), dict) and (exchange, routing_key) != ("", None)
    )


class ReadingChannel(_Channel):  # type: ignore[misc]  # kombu's stubs leave out what is overridden here
    """A channel that brings what it takes off a list into form."""

    QoS = QoS
    Message = ListMessage

    def _brpop_read(self, **options: Any) -> bool:
        """Take what `BRPOP` has found. Follows kombu's own, but for what is done with the item."""
        try:
            try:
                found = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except ResponseError as error:
                if _WRONG_TYPE not in str(error):
                    raise
                self._leave_out_keys_of_other_types()
                raise Empty from error
            except self.connection_errors:
                self.client.connection.disconnect()
                raise
            if not found:
                raise Empty
            self._take(*found)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _take(self, key: bytes | str, item: bytes | str) -> None:
        queue = bytes_to_str(key).rsplit(self.sep, 1)[0]
        self._queue_cycle.rotate(queue)
        try:
            self.connection._deliver(envelope_of(_bytes(item), queue), queue)  # noqa: SLF001  as kombu's own does
        except ResponseError:
            # It is noted nowhere yet that the item is in hand.
            with self.conn_or_acquire() as client:
                client.rpush(key, item)
            raise

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Ask for the next item. Follows kombu's own, but for the keys that are left out."""
        queues = self._queue_cycle.consume(len(self.active_queues))
        keys = [self._q_for_pri(queue, priority) for priority in self.priority_steps for queue in queues]
        wanted = self._of_lists(keys)
        if not wanted:
            return
        command = ["BRPOP", *wanted, (self.brpop_timeout if timeout is None else timeout) or 0]
        if self.global_keyprefix:
            command = self.client._prefix_args(command)  # noqa: SLF001  as kombu's own does
        self._in_poll = self.client.connection
        self._brpop_sent_at = time.monotonic()
        self.client.connection.send_command(*command)

    @property
    def _left_out(self) -> dict[str, float]:
        """Keys that are no lists, and when to look at them again."""
        kept: dict[str, float] = self.__dict__.setdefault("_keys_left_out", {})
        return kept

    def _of_lists(self, keys: list[str]) -> list[str]:
        if not self._left_out:
            return keys
        now = time.monotonic()
        for key in [key for key, until in self._left_out.items() if until <= now]:
            del self._left_out[key]
        return [key for key in keys if key not in self._left_out]

    def _leave_out_keys_of_other_types(self) -> None:
        until = time.monotonic() + ASIDE_SECONDS
        with self.conn_or_acquire() as client:
            for queue in self.active_queues:
                for priority in self.priority_steps:
                    key = self._q_for_pri(queue, priority)
                    kind = bytes_to_str(client.type(key))
                    if kind not in {"list", "none"}:
                        log.error("queue.is_no_list", queue=key, type=kind, again_in=ASIDE_SECONDS)
                        self._left_out[key] = until

    def _deliver_fanout_message(self, message: Any, exchange: str) -> bool:
        """Deliver what was broadcast; nobody misses a broadcast that makes no sense."""
        try:
            return bool(super()._deliver_fanout_message(message, exchange))
        except (RedisError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  whatever somebody has published
            log.warning("broadcast.unreadable", exchange=exchange, error=type(error).__name__)
            return False


def _bytes(item: bytes | str) -> bytes:
    return item.encode(errors="surrogateescape") if isinstance(item, str) else item
