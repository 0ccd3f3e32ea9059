"""Names on the broker: tasks, queues, the results exchange. A producer in any language needs only these."""

from dataclasses import dataclass

from captionfleet_schemas.job import Lane

CAPTION_TASK = "captionfleet.caption"
DELIVER_TASK = "captionfleet.deliver"

CAPTIONS_QUEUE = "captions"
BULK_QUEUE = "captions.bulk"
DELIVERIES_QUEUE = "captionfleet.deliveries"
DEAD_QUEUE = "captionfleet.dead"
"""Messages that no worker could read, each with the reason."""

LANE_QUEUES = {Lane.INTERACTIVE: CAPTIONS_QUEUE, Lane.BULK: BULK_QUEUE}

RESULTS_EXCHANGE = "captionfleet"
"""A durable topic exchange."""


@dataclass(frozen=True, slots=True)
class EventQueue:
    """A durable queue bound to the results exchange."""

    name: str
    binding: str


RESULTS_QUEUE = EventQueue("captionfleet.results", "caption.*")
USAGE_QUEUE = EventQueue("captionfleet.usage", "usage.*")
ALERTS_QUEUE = EventQueue("captionfleet.alerts", "fleet.*")
EVENT_QUEUES = (RESULTS_QUEUE, USAGE_QUEUE, ALERTS_QUEUE)
UNREAD_QUEUES = (*(queue.name for queue in EVENT_QUEUES), DEAD_QUEUE)
"""Queues that no worker reads."""
