"""The Celery application: queues, pool and acknowledgement, set for jobs that wait on a slow model."""

from celery import Celery
from kombu import Exchange, Queue

from captionfleet_schemas.broker import celery_options
from captionfleet_workers.redis_transport import transport_for
from captionfleet_workers.settings import WorkerSettings


def build_app(settings: WorkerSettings) -> Celery:
    """A Celery app without tasks. `register_tasks` gives it the two that a worker runs."""
    app = Celery("captionfleet", set_as_current=False)
    app.conf.update(celery_options(settings.broker_url.get_secret_value()))
    app.conf.update(
        broker_transport=transport_for(settings.broker_url.get_secret_value()),
        task_queues=[
            Queue(name, Exchange(name, type="direct"), routing_key=name, durable=True)
            for name in settings.worker_queues
        ],
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
