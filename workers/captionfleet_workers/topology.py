"""The broker's queues as kombu objects; what they are like is data in `captionfleet_schemas.broker`."""

from kombu import Queue

from captionfleet_schemas.broker import queue_options


def named_queue(broker_url: str, name: str) -> Queue:
    """One of the fleet's queues, bound to its exchange."""
    return Queue.from_dict(name, **queue_options(broker_url, name))
