"""The broker's queues and exchanges as kombu objects: one place for all their arguments."""

from kombu import Exchange, Queue

from captionfleet_schemas.wire import DEAD_QUEUE, LANE_QUEUES, RESULTS_EXCHANGE, EventQueue

RESULTS = Exchange(RESULTS_EXCHANGE, type="topic", durable=True)


def _work_queue(name: str) -> Queue:
    return Queue(name, Exchange(name, type="direct", durable=True), routing_key=name, durable=True)


def event_queue(queue: EventQueue) -> Queue:
    """A queue of events, bound to the results exchange."""
    return Queue(queue.name, RESULTS, routing_key=queue.binding, durable=True)


WORK_QUEUES = [_work_queue(name) for name in LANE_QUEUES.values()]
DEAD = _work_queue(DEAD_QUEUE)
