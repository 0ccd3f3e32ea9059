"""What the consumer's own connections are like."""

from captionfleet_workers.app import build_app
from captionfleet_workers.consumer import without_confirms
from captionfleet_workers.settings import WorkerSettings


def test_events_are_not_confirmed() -> None:
    """A thread that waited for a confirmation would wait beside the event loop, which reads the same connection."""
    app = build_app(WorkerSettings.model_validate({"broker_url": "amqp://127.0.0.1:1//"}))
    usual = app.connection_for_write().transport_options

    events = without_confirms(app.connection_for_write()).transport_options
    app.close()

    assert usual
    assert usual["confirm_publish"] is True
    assert events == {**usual, "confirm_publish": False}
