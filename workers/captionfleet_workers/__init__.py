"""captionfleet_workers: who works. The Celery app and the life of one caption job."""
