"""Flower's page of the broker, with all queues of the fleet.

Flower's own has the queues that workers read, and on RabbitMQ none of them without the management plugin. The broker is
asked over its own protocol instead.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from celery import Celery
from flower.views import BaseHandler  # type: ignore[import-untyped]  # the package ships no types
from kombu import Connection
from tornado.ioloop import IOLoop
from tornado.log import app_log
from tornado.web import authenticated

from captionfleet_schemas.wire import DELIVERIES_QUEUE, LANE_QUEUES, UNREAD_QUEUES
from captionfleet_workers.broker.depth import depth_of

FLEETS_QUEUES = (*LANE_QUEUES.values(), DELIVERIES_QUEUE, *UNREAD_QUEUES)

_Base: Any = BaseHandler
Row = dict[str, object]


class QueuesView(_Base):  # type: ignore[misc]  # the package ships no types
    """The page."""

    @authenticated
    async def get(self) -> None:
        """Show every queue with the messages that wait in it."""
        rows = await IOLoop.current().run_in_executor(None, rows_of, self.capp, self._names())
        self.render("broker.html", broker_url=self.application.broker_uri, queues=rows)

    def _names(self) -> list[str]:
        read = (one["name"] for told in self.application.workers.values() for one in told.get("active_queues") or ())
        # Operators give workers queues of their own.
        return list(dict.fromkeys((*FLEETS_QUEUES, *sorted(read))))


def rows_of(app: Celery, names: Iterable[str]) -> list[Row]:
    """A row of the page for each queue; none while the broker cannot be reached."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
            return list(_rows(names, connection))
    except Exception as error:  # noqa: BLE001  whatever it is: the page stays, and says that nothing is known
        app_log.error("The broker does not say what waits in its queues: %s", error)
        return []


def _rows(names: Iterable[str], connection: Connection) -> Iterator[Row]:
    for name in names:
        try:
            waiting = depth_of(name, connection)
        except connection.channel_errors as error:
            app_log.error("Nothing is known of the queue %s: %s", name, error)
            yield {"name": name}
        else:
            yield {"name": name, "messages_ready": waiting, "messages": waiting}
