"""Ways to break a message. Pure: the same random numbers break it in the same way."""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from tests.foreign import CAPTION, Foreign, envelope

Mutation = Callable[[Foreign, Random], Foreign]

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 2**63, 10**400, 0.5, 1e308, "", " ", "x", "x\ud83d", "x\u0000", "..1", "x" * 5000,
    [], {}, [[]], {"": ""}, {"__type__": "datetime", "__value__": "never"}, {"__type__": [], "__value__": {}},
    "2026-01-01T00:00:00", "9999-12-31T23:59:59Z", "tomorrow", CAPTION, "captionfleet.deliver", "captionfleet.bury",
    "other.task", "gzip", "application/x-gzip", "application/x-python-serialize", [[[[[[[[[[]]]]]]]]]],
)  # fmt: skip
NAMES = (
    "task", "id", "eta", "expires", "compression", "timelimit", "retries", "root_id", "parent_id", "group", "shadow",
    "stamps", "stamped_headers", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "lang",
    "traceparent", "captionfleet_message", "captionfleet_not_before", "captionfleet-oversized", "x-death",
)  # fmt: skip
TYPES = (
    None, "", "json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=latin-1",
    "application/json; charset=utf-16", "text/plain", "application/octet-stream", "application/data", "x/y;;==;",
    "application/x-yaml", "application/x-msgpack", "application/x-python-serialize", "pickle",
)  # fmt: skip
ENCODINGS = (None, "", "utf-8", "UTF8", "binary", "latin-1", "utf-16", "gzip", "deflate", "rot13", "idna", "x-none")
JUNK = (
    b"",
    b"hello",
    b"5",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"\x80\x04N.",
    b"[" * 5000,
    b'{"body": 5}',
    b'"',
    b"\x1f\x8b",
)


def flip_bits(message: Foreign, random: Random) -> Foreign:
    """Some bits of the body come out wrong."""
    body = bytearray(message.body)
    for _ in range(random.choice((1, 3, 20)) if body else 0):
        body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return replace(message, body=bytes(body))


def cut(message: Foreign, random: Random) -> Foreign:
    """A stretch of the body is missing, or there twice."""
    first, last = sorted(random.randrange(len(message.body) + 1) for _ in range(2))
    kept = message.body[:first] + message.body[first:last] * random.choice((0, 2)) + message.body[last:]
    return replace(message, body=kept)


def junk(message: Foreign, random: Random) -> Foreign:
    """The body is something else altogether."""
    return replace(message, body=random.choice((*JUNK, random.randbytes(random.randrange(60)))))


def odd_value(message: Foreign, random: Random) -> Foreign:
    """A value somewhere in the body is an odd one, or missing."""
    return replace(message, body=_with_odd_value(message.body, random))


def form(message: Foreign, random: Random) -> Foreign:
    """The same call in another form: alone, two elements, the first protocol, by position."""
    call = _call(message.body)
    if call is None:
        return message
    kwargs = call[1]
    forms: tuple[Any, ...] = (
        kwargs,
        call[:2],
        [[kwargs.get("job_id"), kwargs.get("job")], {}, {}],
        {"task": CAPTION, "id": "x", "args": [], "kwargs": kwargs},
        [None, kwargs, None],
        kwargs.get("job"),
    )
    return replace(message, body=json.dumps(random.choice(forms)).encode())


def labels(message: Foreign, random: Random) -> Foreign:
    """It is labelled as something else."""
    return replace(message, content_type=random.choice(TYPES), content_encoding=random.choice(ENCODINGS))


def headers(message: Foreign, random: Random) -> Foreign:
    """Headers are missing, or odd."""
    kept = {name: value for name, value in message.headers.items() if random.random() < 0.7}
    return replace(message, headers=kept | {random.choice(NAMES): random.choice(ODD) for _ in range(3)})


def compress(message: Foreign, random: Random) -> Foreign:
    """It is compressed, and perhaps says so."""
    body = random.choice((zlib.compress, gzip.compress))(message.body)
    said = {"compression": random.choice(("gzip", "application/x-gzip", "application/x-bz2", "zstd"))}
    return replace(message, body=body, headers=message.headers | (said if random.random() < 0.7 else {}))


MUTATIONS: tuple[Mutation, ...] = (flip_bits, cut, junk, odd_value, odd_value, form, labels, headers, headers, compress)
_AMQP_VALUES = (
    datetime(2026, 1, 1, tzinfo=UTC),
    Decimal("1.5"),
    b"\xff\xfe",
    {"deep": {"deeper": [1, None, {"x": b"\x00"}]}},
    [None],
)


def broken(message: Foreign, random: Random, *, is_redis: bool) -> Foreign:
    """The message after one to three mutations."""
    for mutation in random.choices(MUTATIONS, k=random.choice((1, 1, 2, 3))):
        message = mutation(message, random)
    return _as_item(message, random) if is_redis else _as_amqp(message, random)


def _as_item(message: Foreign, random: Random) -> Foreign:
    """A list item; one in three is damaged as a whole."""
    item = envelope(message)
    how = random.randrange(9)
    if how == 0:
        item = _with_odd_value(item, random)
    elif how == 1:
        item = flip_bits(Foreign(body=item), random).body
    elif how == 2:
        item = random.choice((message.body, cut(Foreign(body=item), random).body, *JUNK))
    return replace(message, item=item)


def _as_amqp(message: Foreign, random: Random) -> Foreign:
    """What AMQP can carry; one in five has headers of types that JSON does not have."""
    kept = {name: value for name, value in message.headers.items() if _fits_amqp(value)}
    extra = {random.choice(NAMES): random.choice(_AMQP_VALUES)} if random.random() < 0.2 else {}
    return replace(message, headers=kept | extra)


def _fits_amqp(value: Any) -> bool:
    is_large = isinstance(value, int) and not -(2**63) <= value < 2**63
    return not is_large and not (isinstance(value, str) and "\ud83d" in value)


def _call(body: bytes) -> Any:
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return call if isinstance(call, list) and len(call) > 1 and isinstance(call[1], dict) else None


def _with_odd_value(text: bytes, random: Random) -> bytes:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    holder: Any = [value]
    parent, place = holder, 0
    while isinstance(parent[place], dict | list) and parent[place] and random.random() < 0.75:
        parent = parent[place]
        place = random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    if random.random() < 0.2 and parent is not holder:
        del parent[place]
    else:
        parent[place] = random.choice(ODD)
    return json.dumps(holder[0]).encode()
