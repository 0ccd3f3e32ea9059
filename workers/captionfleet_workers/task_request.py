"""Celery's view of a message that has been read (`broker/receiving.py`), without what it carries.

A service of another kind sends the whole job, with its `data:` audio and its headers. Celery would repeat that in task
events, which Flower shows, in answers to `inspect`, and in log lines about failures.

A job that fails is no error of its task, which has done what it should and is acknowledged; Flower's users look for the
job, and are told of a failed task.
"""

from typing import Any

from celery.worker import request

from captionfleet_workers.task_outcome import NOT_FAILED

NAME = f"{__name__}:JobRequest"

_Base: Any = request.Request

_SHOWN = ("job_id", "delivery_id")
_LONGEST = 140


class JobRequest(_Base):  # type: ignore[misc]  # celery's stubs leave out what a request keeps
    """A request whose arguments are shown as the id of a job or delivery, whatever the message says of itself."""

    def __init__(self, message: Any, **options: Any) -> None:
        # Read once: Celery would parse the body that was sent once more, in the pool.
        super().__init__(message, **{**options, "body": message.payload, "decoded": True})
        self._argsrepr = self._request_dict["argsrepr"] = "()"
        self._kwargsrepr = self._request_dict["kwargsrepr"] = shown_arguments(self._kwargs)

    def send_event(self, type: str, **fields: Any) -> None:  # noqa: A002  celery's signature
        """Tell who watches. Flower looks for words in the result, and shows the exception."""
        said = fields.get("result", NOT_FAILED)
        if type == "task-succeeded" and said != NOT_FAILED:
            super().send_event("task-failed", exception=said, **fields)
        else:
            super().send_event(type, **fields)

    def info(self, safe: bool = False) -> dict[str, Any]:  # noqa: ARG002  celery's signature
        """What `inspect` tells about a task."""
        return dict(super().info(safe=True))


def shown_arguments(arguments: object) -> str:
    """The ids among a task's keyword arguments, as text."""
    if not isinstance(arguments, dict):
        return "{}"
    return repr({name: str(arguments[name])[:_LONGEST] for name in _SHOWN if name in arguments})
