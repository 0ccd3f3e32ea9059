"""Names that services outside this repository have written into their own code."""

from captionfleet_schemas import FailureCode, JobState, Lane, wire
from captionfleet_schemas.event import ROUTING_KEYS, SOURCE, USAGE_ROUTING_KEY
from captionfleet_schemas.signature import ID_HEADER, PREFIX, SIGNATURE_HEADER, TIMESTAMP_HEADER


def test_names_on_the_broker() -> None:
    """Tasks, queues and the exchange."""
    assert (wire.CAPTION_TASK, wire.DELIVER_TASK) == ("captionfleet.caption", "captionfleet.deliver")
    assert wire.LANE_QUEUES == {Lane.INTERACTIVE: "captions", Lane.BULK: "captions.bulk"}
    assert (wire.DELIVERIES_QUEUE, wire.DEAD_QUEUE) == ("captionfleet.deliveries", "captionfleet.dead")
    assert wire.RESULTS_EXCHANGE == "captionfleet"
    assert [(queue.name, queue.binding) for queue in wire.EVENT_QUEUES] == [
        ("captionfleet.results", "caption.*"),
        ("captionfleet.usage", "usage.*"),
        ("captionfleet.alerts", "fleet.*"),
    ]


def test_names_of_events() -> None:
    """Routing keys are the events' types."""
    assert SOURCE == "captionfleet"
    assert USAGE_ROUTING_KEY == "usage.recorded"
    assert ROUTING_KEYS == {
        JobState.SUCCEEDED: "caption.succeeded",
        JobState.FAILED: "caption.failed",
        JobState.CANCELLED: "caption.cancelled",
        JobState.EXPIRED: "caption.expired",
    }


def test_failure_codes() -> None:
    """The documented codes; new ones may join them."""
    documented = {
        *("audio_unreachable", "audio_forbidden_address", "audio_too_large", "audio_too_long", "audio_unsupported"),
        *("audio_empty", "audio_damaged", "content_blocked", "model_rejected", "model_unavailable"),
        *("deadline_exceeded", "poisoned", "cancelled", "over_budget"),
    }

    assert documented <= {code.value for code in FailureCode}


def test_names_in_webhooks() -> None:
    """As Standard Webhooks has them."""
    names = (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER, PREFIX)

    assert names == ("webhook-id", "webhook-timestamp", "webhook-signature", "whsec_")
