"""The one place where a message is read: it becomes a call of one of the fleet's tasks, or has a reason why not.

Nothing here fails, whatever the bytes. Services in other languages write messages by hand, so that what is meant
counts: the keyword arguments alone, Celery's first protocol, positional arguments, a job without the fields around it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from captionfleet_schemas.job import JOB_ID, TRACEPARENT
from captionfleet_schemas.wire import CAPTION_TASK, DELIVER_TASK
from captionfleet_workers.broker.body import parse
from captionfleet_workers.broker.moments import check_expiry, not_before
from captionfleet_workers.errors import UnreadableMessageError

OVERSIZED = "captionfleet-oversized"
"""The header of a message that stands for one that was too large to be kept; its value is that one's size in bytes."""

_ARGUMENTS = {CAPTION_TASK: ("job_id", "job"), DELIVER_TASK: ("delivery_id",)}
"""The fleet's tasks, and what they are called with, in order."""
_FOLLOWERS = ("callbacks", "errbacks", "chain", "chord")
"""What Celery's canvas leaves in a message about tasks that shall follow (`link`, `link_error`, a chain, a chord)."""
_JOB_ID = re.compile(JOB_ID, re.ASCII)
_TRACEPARENT = re.compile(TRACEPARENT, re.ASCII)
_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """A message as the broker gave it. Only the types that are declared here are certain."""

    body: bytes = field(repr=False)
    headers: Mapping[Any, Any] = field(default_factory=dict[Any, Any], repr=False)
    properties: Mapping[Any, Any] = field(default_factory=dict[Any, Any], repr=False)
    content_type: object = None
    content_encoding: object = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a message asks for."""

    task: str
    arguments: Mapping[str, Any] = field(repr=False)
    """By name; `job` is an object or left out, ids have the form of ids."""
    name: str
    """The id of the job or delivery."""
    not_before: float | None = None
    """Seconds since 1970; None is at once."""
    traceparent: str | None = None
    ignored: tuple[str, ...] = ()
    """What the message asks to follow, in Celery's words; no worker does that."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why no worker can do anything with a message, and about which job it is, as far as that could be read."""

    reason: str
    job_id: str | None = None
    job: Mapping[str, Any] | None = field(default=None, repr=False)
    """What was sent as the job, if its id was in the body: somebody waits for its result."""


@dataclass(frozen=True, slots=True)
class _Call:
    """The body, sorted; nothing is checked."""

    task: object
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    fields: Mapping[Any, Any]
    """What else is said of the call: the headers, or in the first protocol the body itself."""
    followers: tuple[str, ...] = ()


def read(message: RawMessage, now: float) -> Wanted | Unreadable:
    """What a message asks for, or why that cannot be known. `now` is in seconds since 1970."""
    call: _Call | None = None
    try:
        call = _sorted(message)
        return _wanted(call, now)
    except UnreadableMessageError as error:
        return _unreadable(error.reason, call, message.headers)


def _sorted(message: RawMessage) -> _Call:
    headers = message.headers
    size = headers.get(OVERSIZED)
    if isinstance(size, int):
        raise UnreadableMessageError(f"the message has {size:,} bytes, and so many are not read")
    value = parse(
        message.body,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        compression=headers.get("compression"),
    )
    match value:
        case [args] | [args, _] | [args, _, _]:
            kwargs = _object(value[1] if value[1:] else None)
            return _Call(headers.get("task"), _list(args), kwargs, headers, _followers(value[2:]))
        case {"args": _} | {"kwargs": _}:
            return _first_protocol(value, headers)
        case dict():
            return _Call(headers.get("task") or value.get("task"), (), _with_its_job(value), headers)
        case _:
            what = f"a list of {len(value)}" if isinstance(value, list) else _kind(value)
            raise UnreadableMessageError(f"the body is {what}, and not [args, kwargs, embed] or keyword arguments")


def _first_protocol(body: Mapping[str, Any], headers: Mapping[Any, Any]) -> _Call:
    fields = {**body, **headers}
    return _Call(fields.get("task"), _list(body.get("args")), _object(body.get("kwargs")), fields, _followers([body]))


def _followers(embedded: Sequence[Any]) -> tuple[str, ...]:
    return tuple(name for name in _FOLLOWERS for one in embedded if isinstance(one, dict) and one.get(name))


def _with_its_job(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keyword arguments alone; a job alone is as plain."""
    return {"job": body} if "audio" in body and "job" not in body else body


# An empty object of PHP is an empty list, and the other way round.
def _list(value: object) -> Sequence[Any]:
    if value is None or value == {}:
        return ()
    if not isinstance(value, list):
        raise UnreadableMessageError(f"the positional arguments are {_kind(value)}, and not a list")
    return value


def _object(value: object) -> Mapping[str, Any]:
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise UnreadableMessageError(f"the keyword arguments are {_kind(value)}, and not an object")
    return value


def _wanted(call: _Call, now: float) -> Wanted:
    task = _task(call)
    arguments = _named(call, _ARGUMENTS[task])
    name = _delivery(arguments) if task == DELIVER_TASK else _job(arguments)
    check_expiry(call.fields, now)
    traceparent = call.fields.get("traceparent")
    is_span = isinstance(traceparent, str) and _TRACEPARENT.fullmatch(traceparent)
    return Wanted(task, arguments, name, not_before(call.fields, now), traceparent if is_span else None, call.followers)


def _task(call: _Call) -> str:
    if isinstance(call.task, str) and call.task in _ARGUMENTS:
        return call.task
    if isinstance(call.task, str) and call.task:
        raise UnreadableMessageError(f"no task is called {call.task[:80]!r}")
    for task, (first, *others) in _ARGUMENTS.items():
        if first in call.kwargs or any(name in call.kwargs for name in others):
            return task
    raise UnreadableMessageError("the message names no task, and carries no job_id, no job and no delivery_id")


def _named(call: _Call, names: Sequence[str]) -> dict[str, Any]:
    if len(call.args) > len(names):
        raise UnreadableMessageError(f"{len(call.args)} positional arguments are too many: {', '.join(names)}")
    named = {name: call.kwargs[name] for name in names if name in call.kwargs}
    if not call.args:
        return named
    given = dict(zip(names, call.args, strict=False))
    if twice := given.keys() & named.keys():
        raise UnreadableMessageError(f"{min(twice)} is given twice, by place and by name")
    return {**given, **named}


def _job(arguments: dict[str, Any]) -> str:
    """Check a job's arguments, and give its id."""
    job = arguments.setdefault("job", None)
    if job is not None and not isinstance(job, dict):
        raise UnreadableMessageError(f"job is {_kind(job)}, and not an object")
    job_id = arguments.get("job_id")
    if job_id is None:
        job_id = (job or {}).get("id")
    if job_id is None or job_id == "":
        raise UnreadableMessageError("the message names no job_id")
    if not isinstance(job_id, str):
        raise UnreadableMessageError(f"job_id is {_kind(job_id)}, and not text")
    if not _JOB_ID.fullmatch(job_id):
        raise UnreadableMessageError(f"job_id {job_id[:128]!a} is no id: 1 to 128 of letters, digits, _ . : and -")
    arguments["job_id"] = job_id
    return job_id


def _delivery(arguments: Mapping[str, Any]) -> str:
    name = arguments.get("delivery_id")
    if not isinstance(name, str) or not _JOB_ID.fullmatch(name):
        raise UnreadableMessageError("the message names no delivery_id")
    return name


def _unreadable(reason: str, call: _Call | None, headers: Mapping[Any, Any]) -> Unreadable:
    job, by_name = None, None
    if call is not None:
        first = call.args[0] if call.args else None
        job = call.kwargs.get("job", call.args[1] if len(call.args) > 1 else None)
        by_name = call.kwargs.get("job_id", first) or (job.get("id") if isinstance(job, dict) else None)
    if is_job_id(by_name):
        return Unreadable(reason, by_name, job if isinstance(job, dict) else {})
    # Services that read our page on messages name the job in the header too.
    named = headers.get("id")
    return Unreadable(reason, named if is_job_id(named) else None)


def is_job_id(value: object) -> bool:
    """Whether a value has the form of a job's id."""
    return isinstance(value, str) and _JOB_ID.fullmatch(value) is not None


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "something else")
