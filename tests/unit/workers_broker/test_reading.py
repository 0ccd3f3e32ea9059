"""The place where messages are read: total, liberal where the meaning is plain, with a reason where it is not."""

import base64
import bz2
import gzip
import json
import lzma
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_schemas.wire import CAPTION_TASK, DELIVER_TASK
from captionfleet_workers.broker.body import MAX_BODY_BYTES
from captionfleet_workers.broker.reading import OVERSIZED, RawMessage, Unreadable, Wanted, read

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
JOB = {"audio": {"url": "https://example.com/a.mp3"}}
KWARGS = {"job_id": "show-42", "job": JOB}
HEADERS = {"task": CAPTION_TASK, "id": "show-42"}
SPAN = f"00-{'ab' * 16}-{'cd' * 8}-01"


def message(body: Any, **fields: Any) -> RawMessage:
    """A message as Celery's own producers label it, but for what is given; a body that is no bytes is made JSON."""
    given = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual: dict[str, Any] = {
        "headers": HEADERS,
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "queue": "captions",
    }
    return RawMessage(body=given, **(usual | fields))


CALL = [[], KWARGS, {}]
BYTES = json.dumps(CALL).encode()

PLAIN: dict[str, RawMessage] = {
    "as Celery writes it": message([[], KWARGS, {"callbacks": None, "chord": None}]),
    "keyword arguments alone": message(KWARGS),
    "two elements": message([[], KWARGS]),
    "positional arguments": message([["show-42", JOB], {}, {}]),
    "positional arguments alone": message([["show-42", JOB]]),
    "one of each": message([["show-42"], {"job": JOB}, {}]),
    "args null": message([None, KWARGS, None]),
    "empty list for an object": message([["show-42", JOB], [], []]),
    "empty object for a list": message([{}, KWARGS, {}]),
    "protocol 1": message({"task": CAPTION_TASK, "id": "x", "args": [], "kwargs": KWARGS}, headers={}),
    "protocol 1 and 2": message({"args": [], "kwargs": KWARGS}),
    "no content type": message(CALL, content_type=None),
    "unknown content type": message(CALL, content_type="application/vnd.acme"),
    "content type in capitals": message(CALL, content_type="Application/JSON"),
    "charset": message(CALL, content_type="application/json; charset=utf-8"),
    "charset in quotes": message(CALL, content_type='application/json;charset="UTF-8"', content_encoding=None),
    "another charset": message(BYTES.decode().encode("utf-16"), content_type="text/json; charset=utf-16"),
    "UTF-16 without a word": message(BYTES.decode().encode("utf-16-le"), content_encoding=None),
    "byte order mark": message(b"\xef\xbb\xbf" + BYTES),
    "unknown encoding": message(CALL, content_encoding="acme-8"),
    "codec that is no character set": message(CALL, content_encoding="rot13"),
    "labels of other types": message(CALL, content_type=5, content_encoding=["x"]),
    "no headers": message(KWARGS, headers={}),
    "no id": message(CALL, headers={"task": CAPTION_TASK}),
    "timelimit as a number": message(CALL, headers={**HEADERS, "timelimit": 5}),
    "callbacks and chords": message([[], KWARGS, {"chord": 7, "callbacks": "x"}], headers={**HEADERS, "group": {}}),
    "id in the job alone": message([[], {"job": {"id": "show-42", **JOB}}, {}]),
    "job alone": message({"id": "show-42", **JOB}, headers={}),
    "unknown arguments": message([[], {**KWARGS, "later": 1}, {}]),
    "the same key twice": message(b'{"job_id": "other", "job_id": "show-42", "job": %s}' % json.dumps(JOB).encode()),
    "eta in the past, without zone": message(CALL, headers={**HEADERS, "eta": "2026-01-01T00:00:00"}),
    "empty eta and expires": message(CALL, headers={**HEADERS, "eta": "", "expires": None}),
    "expires later": message(CALL, headers={**HEADERS, "expires": "2026-11-28T12:00:01+00:00"}),
    "zlib, as Celery names it": message(zlib.compress(BYTES), headers={**HEADERS, "compression": "application/x-gzip"}),
    "gzip": message(gzip.compress(BYTES), headers={**HEADERS, "compression": "gzip"}),
    "gzip in the encoding": message(gzip.compress(BYTES), content_encoding="gzip"),
    "gzip without a word": message(gzip.compress(BYTES)),
    "bz2": message(bz2.compress(BYTES), headers={**HEADERS, "compression": "application/x-bz2"}),
    "xz": message(lzma.compress(BYTES), headers={**HEADERS, "compression": "application/x-lzma"}),
}


@pytest.mark.parametrize("sent", PLAIN.values(), ids=PLAIN)
def test_plain_meaning_is_taken(sent: RawMessage) -> None:
    """However it is wrapped and labelled, a job that is plainly meant is wanted."""
    found = read(sent, NOW)

    assert isinstance(found, Wanted), found
    assert (found.task, found.name, found.not_before) == (CAPTION_TASK, "show-42", None)
    assert found.arguments["job_id"] == "show-42"
    assert {**found.arguments["job"], "id": None} == {**JOB, "id": None}


def bomb(size: int) -> bytes:
    """A few kilobytes that decompress to so many bytes."""
    return gzip.compress(b" " * size)


BAD: dict[str, tuple[RawMessage, str, str | None]] = {
    "broken JSON": (message(b'[[], {"job_id": "show-42"'), "no JSON: Expecting", "show-42"),
    "broken UTF-8": (message(b"\xff\xfe[]\xff"), "no UTF-16", "show-42"),
    "broken UTF-8 inside": (message(b'[[], {"job_id": "caf\xe9"}, {}]'), "no UTF-8: invalid", "show-42"),
    "pickle": (message(b"x", content_type="application/x-python-serialize"), "messages are JSON", "show-42"),
    "yaml": (message(b"a: b", content_type="application/x-yaml"), "messages are JSON", "show-42"),
    "msgpack": (message(b"\x93\x90", content_type="application/x-msgpack"), "messages are JSON", "show-42"),
    "number": (message(5), "the body is a number", "show-42"),
    "null": (message(None), "the body is null", "show-42"),
    "true": (message(b"true"), "true or false", "show-42"),
    "text": (message("hello"), "the body is text", "show-42"),
    "no JSON at all": (message(b"hello", headers={}), "no JSON", None),
    "empty": (message(b""), "empty", "show-42"),
    "white space": (message(b" \n"), "empty", "show-42"),
    "empty list": (message([]), "a list of 0", "show-42"),
    "four elements": (message([[], KWARGS, {}, {}]), "a list of 4", "show-42"),
    "args that are no list": (message(["x", KWARGS, {}]), "positional arguments are text", "show-42"),
    "kwargs that are no object": (message([[], 7, {}]), "keyword arguments are a number", "show-42"),
    "kwargs null": (message([[], None, {}]), "no job_id", "show-42"),
    "nested too deeply": (message(b"[" * 100_000), "nested too deeply", "show-42"),
    "huge number": (message(b'[[], {"job_id": ' + b"9" * 5000 + b"}, {}]"), "no JSON that can be read", "show-42"),
    "number out of range": (message(b'{"job_id": 1e999}'), "out of range", "show-42"),
    "NaN": (message(b'{"job_id": NaN}'), "JSON has no NaN", "show-42"),
    "job as text": (message([[], {"job_id": "a", "job": json.dumps(JOB)}, {}]), "job is text", "a"),
    "job as list": (message([[], {"job_id": "a", "job": [JOB]}, {}]), "job is a list", "a"),
    "id as number": (message([[], {"job_id": 42, "job": JOB}, {}]), "job_id is a number", "show-42"),
    "id as object": (message([[], {"job_id": {}, "job": JOB}, {}]), "job_id is an object", "show-42"),
    "id with a lone surrogate": (message(b'{"job_id": "x\\ud83d"}'), "no id", "show-42"),
    "id with NUL": (message(b'{"job_id": "x\\u0000"}'), "no id", "show-42"),
    "id with a line end": (message({"job_id": "x\n"}), "no id", "show-42"),
    "id too long": (message({"job_id": "x" * 129}), "no id", "show-42"),
    "empty id": (message([[], {"job_id": "", "job": JOB}, {}]), "no job_id", "show-42"),
    "id twice": (message([["a"], {"job_id": "b"}, {}]), "given twice", "b"),
    "too many arguments": (message([["a", JOB, 1], {}, {}]), "too many", "a"),
    "unknown task": (message(CALL, headers={"task": "other.task"}), "'other.task'", "show-42"),
    "no task and nothing else": (message({"x": 1}, headers={}), "names no task", None),
    "expired": (message(CALL, headers={**HEADERS, "expires": "2026-11-28T11:59:59Z"}), "expired before", "show-42"),
    "expired, without zone": (message(CALL, headers={**HEADERS, "expires": "2020-01-01"}), "expired before", "show-42"),
    "bad expires": (message(CALL, headers={**HEADERS, "expires": "never"}), "expires is no ISO", "show-42"),
    "expires as number": (message(CALL, headers={**HEADERS, "expires": 60}), "expires is no ISO", "show-42"),
    "bad eta": (message(CALL, headers={**HEADERS, "eta": "tomorrow"}), "eta is no ISO", "show-42"),
    "nested eta": (message(CALL, headers={**HEADERS, "eta": [[1]]}), "eta is no ISO", "show-42"),
    "eta in the year 9999": (message(CALL, headers={**HEADERS, "eta": "9999-12-31T23:59:59"}), "a year", "show-42"),
    "unknown compression": (message(CALL, headers={**HEADERS, "compression": "zstd"}), "'zstd'", "show-42"),
    "no gzip": (message(CALL, headers={**HEADERS, "compression": "gzip"}), "the body is no gzip", "show-42"),
    "gzip that is cut off": (message(gzip.compress(BYTES)[:-9]), "cut off", "show-42"),
    "gzip bomb": (message(bomb(MAX_BODY_BYTES + 1)), "15 MB when decompressed", "show-42"),
    "too large": (message(b" " * (MAX_BODY_BYTES + 1)), "at most 15,000,000", "show-42"),
    "was too large to keep": (message(b"", headers={OVERSIZED: 99_000_000}), "99,000,000 bytes", None),
    "delivery without an id": (message([[], {}, {}], headers={"task": DELIVER_TASK}), "no delivery_id", None),
}


@pytest.mark.parametrize(("sent", "reason", "job_id"), BAD.values(), ids=BAD)
def test_what_makes_no_sense_has_a_reason(sent: RawMessage, reason: str, job_id: str | None) -> None:
    """In one line for people, and the job's id where one can be read, in the body or else in the headers."""
    found = read(sent, NOW)

    assert isinstance(found, Unreadable), found
    assert reason in found.reason
    assert "\n" not in found.reason
    assert found.job_id == job_id


def test_job_is_kept_only_with_its_own_id() -> None:
    """Somebody waits for a job whose id was in the body; an id in the headers may be Celery's own."""
    in_body = read(message([[], {"job_id": "a", "job": {"audio": 1}}, {}], headers={"expires": "never"}), NOW)
    in_headers = read(message(b"broken"), NOW)

    assert in_body == Unreadable("its expires is no ISO 8601 moment: 'never'", "a", {"audio": 1})
    assert isinstance(in_headers, Unreadable)
    assert (in_headers.job_id, in_headers.job) == ("show-42", None)


def test_reason_repeats_nothing_of_the_body() -> None:
    """It goes into logs and events, and a body has credentials in it."""
    broken = b'{"job_id": "a", "job": {"audio": {"headers": {"authorization": "Bearer s3cret"}}'

    found = read(message(broken), NOW)

    assert isinstance(found, Unreadable)
    assert "s3cret" not in repr(found)
    assert "s3cret" not in repr(read(message(KWARGS | {"job": {"token": "s3cret"}}), NOW))


@pytest.mark.parametrize("name", ["callbacks", "errbacks", "chain", "chord"])
def test_what_celery_would_call_next_is_ignored(name: str) -> None:
    """The job is done all the same; the name is kept for the log, whichever protocol it came in."""
    task = {"task": "theirs.done", "args": [], "kwargs": {}}
    second = read(message([[], KWARGS, {name: [task]}]), NOW)
    first = read(message({"task": CAPTION_TASK, "kwargs": KWARGS, name: [task]}), NOW)
    none = read(message([[], KWARGS, {name: None}]), NOW)

    assert isinstance(second, Wanted)
    assert isinstance(first, Wanted)
    assert isinstance(none, Wanted)
    assert (second.ignored, first.ignored, none.ignored) == ((name,), (name,), ())
    assert second.arguments["job_id"] == KWARGS["job_id"]


def test_moment_and_span_are_handed_on() -> None:
    """An eta that lies ahead is the ledger's to wait for; a span that is none is left out."""
    later = {**HEADERS, "eta": "2026-11-28T12:00:03+00:00", "traceparent": SPAN}

    found, other = read(message(CALL, headers=later), NOW), read(message(CALL, headers={"traceparent": "x"}), NOW)

    assert isinstance(found, Wanted)
    assert isinstance(other, Wanted)
    assert (found.not_before, found.traceparent) == (NOW + 3, SPAN)
    assert other.traceparent is None


def test_types_that_celery_tags_are_their_text() -> None:
    """A Python service may put a moment or a UUID into a job; the job has them as text."""
    job = {**JOB, "finish_by": {"__type__": "datetime", "__value__": "2026-12-01T00:00:00+00:00"}}

    found = read(message([[], {"job_id": {"__type__": "uuid", "__value__": {"hex": "ab" * 16}}, "job": job}, {}]), NOW)

    assert isinstance(found, Wanted)
    assert found.name == "ab" * 16
    assert found.arguments["job"]["finish_by"] == "2026-12-01T00:00:00+00:00"


@pytest.mark.parametrize("body", [[["dlv_03_evt_ab"], {}, {}], [[], {"delivery_id": "dlv_03_evt_ab"}, {}]])
def test_deliveries_are_read_too(body: Any) -> None:
    """By the sweep's message, and by anybody else's."""
    found = read(message(body, headers={"task": DELIVER_TASK}, queue="captionfleet.deliveries"), NOW)

    assert found == Wanted(DELIVER_TASK, {"delivery_id": "dlv_03_evt_ab"}, "dlv_03_evt_ab")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["job_id", "job", "id", "audio", "args", "kwargs", "task", "__type__", "__value__", "eta"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=16,
)
bodies = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())
header_values = st.one_of(
    st.just(CAPTION_TASK), st.just("gzip"), st.datetimes().map(str), st.text(max_size=20), st.datetimes(), anything
)
headers = st.dictionaries(
    st.sampled_from(["task", "id", "eta", "expires", "compression", "timelimit", "traceparent", OVERSIZED]),
    header_values,
    max_size=5,
)


@given(body=bodies, headers=headers, content_type=anything, content_encoding=header_values)
def test_everything_is_read_or_has_a_reason(
    body: bytes, headers: dict[Any, Any], content_type: Any, content_encoding: Any
) -> None:
    """Nothing raises, whatever the bytes and the headers; what is wanted can be worked on as it is."""
    found = read(
        RawMessage(body=body, headers=headers, content_type=content_type, content_encoding=content_encoding), NOW
    )

    if isinstance(found, Wanted):
        assert found.name == found.arguments.get("job_id", found.arguments.get("delivery_id"))
        assert found.name.isascii()
        assert isinstance(found.arguments.get("job"), dict | None)
    else:
        assert found.reason
        assert found.job_id is None or found.job_id.isascii()


@given(cut=st.integers(0, len(BYTES)), junk=st.binary(max_size=6))
def test_a_damaged_body_is_read_or_has_a_reason(cut: int, junk: bytes) -> None:
    """A good message with something in its middle."""
    found = read(message(BYTES[:cut] + junk + BYTES[cut:]), NOW)

    assert isinstance(found, Wanted | Unreadable)


def test_base64_is_not_guessed_in_a_body() -> None:
    """What a broker's envelope does to a body is undone with the envelope."""
    assert isinstance(read(message(base64.b64encode(BYTES)), NOW), Unreadable)
