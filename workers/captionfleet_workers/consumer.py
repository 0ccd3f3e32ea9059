"""Celery's consumer without its delayed delivery, which no message of ours asks for.

Where it finds a quorum queue, Celery declares 28 more of them at each start, for tasks with a countdown. The ledger
keeps what is to happen later.
"""

from typing import Any

from celery.worker import consumer

NAME = f"{__name__}:Consumer"

_Base: Any = consumer.Consumer


class Consumer(_Base):  # type: ignore[misc]  # celery's stubs leave out the blueprint
    """A consumer that declares its own queues and nothing else."""

    class Blueprint(_Base.Blueprint):  # type: ignore[misc]  # likewise
        """What it starts, in order."""

        default_steps = tuple(step for step in _Base.Blueprint.default_steps if not step.endswith(":DelayedDelivery"))
