"""The Celery application: queues, pool and acknowledgement, set for jobs that wait on a slow model."""

from celery import Celery

from captionfleet_schemas.broker import celery_options, queue_options
from captionfleet_schemas.wire import DELIVERIES_QUEUE, LANE_QUEUES
from captionfleet_workers import consumer
from captionfleet_workers.broker.messages import AMQP
from captionfleet_workers.redis_transport import transport_for
from captionfleet_workers.settings import WorkerSettings


def build_app(settings: WorkerSettings) -> Celery:
    """A Celery app without tasks. `register_tasks` gives it the two that a worker runs."""
    app = Celery("captionfleet", set_as_current=False, amqp=AMQP)
    url = settings.broker_url.get_secret_value()
    # A worker sends to queues that it does not work on.
    queues = {*LANE_QUEUES.values(), DELIVERIES_QUEUE, *settings.worker_queues}
    app.conf.update(celery_options(url))
    app.conf.update(
        broker_transport=transport_for(url),
        # RabbitMQ closes the channel of a worker that held a message for too long. The worker takes another channel:
        # the job goes on under its lease, and the repeated message is dropped.
        broker_channel_error_retry=True,
        task_queues={name: queue_options(url, name) for name in sorted(queues)},
        worker_consumer=consumer.NAME,
        worker_pool="threads",
        worker_concurrency=settings.worker_concurrency,
        # A message that waits in a busy worker could be running in an idle one.
        worker_prefetch_multiplier=1,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_send_task_events=settings.worker_events,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    return app
