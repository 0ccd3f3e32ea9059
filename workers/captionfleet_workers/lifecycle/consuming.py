"""Makes Celery's consumer leave queues alone while the worker stands aside, also when it connects anew meanwhile."""

from collections.abc import Callable, Collection
from typing import Any

from celery import bootsteps

from captionfleet_schemas.wire import DELIVERIES_QUEUE
from captionfleet_workers.lifecycle.health import Health

LOOK_SECONDS = 0.25


def left_alone(health: Health, queues: Collection[str]) -> frozenset[str]:
    """The queues from which nothing is to be taken now."""
    if health.aside is None:
        return frozenset()
    return frozenset(queue for queue in queues if queue != DELIVERIES_QUEUE or health.holds_deliveries)


def following(stopped: Callable[[], frozenset[str]]) -> type[bootsteps.StartStopStep]:
    """A step of Celery's consumer that stops consuming from the queues that `stopped` names, and resumes.

    What the process holds of them already is given back by its tasks. Redis pops at most one more message, which the
    transport puts back. A queue that an operator has had cancelled is not consumed from again.
    """
    left: set[str] = set()

    def look(consumer: Any) -> None:
        wanted = stopped()
        for queue in wanted - left:
            # Noted first: where the connection is lost in between, the next one consumes from what is selected then.
            left.add(queue)
            consumer.cancel_task_queue(queue)
        for queue in left - wanted:
            left.discard(queue)
            consumer.add_task_queue(queue)

    class Follows(bootsteps.StartStopStep):
        """Registers anew with each event loop: a consumer gets a new one when it has lost its broker."""

        timer: Any = None

        def register_with_event_loop(self, consumer: Any, hub: Any) -> None:
            """Look at once, before the first message is taken, and now and then."""
            look(consumer)
            if self.timer is not None:
                self.timer.cancel()
            self.timer = hub.call_repeatedly(LOOK_SECONDS, look, consumer)

    return Follows
