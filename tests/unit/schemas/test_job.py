"""CaptionJob: what is accepted, what is refused, and in which words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from captionfleet_schemas import AudioReference, CaptionJob, InvalidMessageError, Lane
from captionfleet_schemas.catalogue import CAPTIONER, OMNI
from captionfleet_schemas.job import MAX_REFERENCE_CHARS
from tests.unit.schemas.making import NOON, job_fields, make_job

LATER = NOON + timedelta(hours=1)
LONGEST_URL = "data:," + "A" * (MAX_REFERENCE_CHARS - 6)


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"show": None}},
        {"metadata": None, "tenant": None, "lane": None, "stream": None, "version": None},
        {"audio": {"url": "https://example.com/a.mp3", "headers": None}},
        {"audio": {"url": "https://example.com/a.mp3", "headers": {"Authorization": None}}},
    ],
)
def test_null_is_left_out_at_every_level(fields: dict[str, Any]) -> None:
    """Also the pairs of metadata and headers that have no value."""
    least = {"id": "job-1", "audio": {"url": "https://example.com/a.mp3"}}

    job = CaptionJob.decode({**least, **fields})

    assert job.model_copy(update={"audio": CaptionJob.decode(least).audio}) == CaptionJob.decode(least)
    assert not job.audio.headers


@pytest.mark.parametrize("field", ["id", "audio", "unknown"])
def test_null_is_refused_where_something_is_needed(field: str) -> None:
    """And in a field that nobody knows, which may be a misspelt one."""
    with pytest.raises(InvalidMessageError, match=field):
        CaptionJob.decode({"id": "job-1", "audio": {"url": "https://example.com/a.mp3"}, field: None})


def test_least_job_has_the_documented_defaults() -> None:
    """An id and an address are enough."""
    job = make_job()

    assert (job.version, job.tenant, job.lane, job.stream) == (1, "default", Lane.INTERACTIVE, False)
    assert (job.metadata, job.webhook, job.prompt, job.store_days) == ({}, None, None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "A" + "z" * 127},
        {"id": "0_.:-"},
        {"tenant": "t" * 64},
        {"metadata": {f"key-{n}": "" for n in range(16)}},
        {"metadata": {"k" * 64: "v" * 512}},
        {"metadata": {"Ключ": "žluťoučký kůň \U0001f40e"}},
        {"prompt": "p" * 8000},
        {"store_days": 0},
        {"store_days": 365},
        {"webhook": {"url": "http://hook.internal:8080/path?query=1"}},
        {"start_by": LATER, "finish_by": LATER},
        {"lane": "bulk"},
    ],
    ids=",".join,
)
def test_limits_are_inclusive(fields: dict[str, Any]) -> None:
    """The largest value that is documented is accepted, and survives the wire."""
    job = make_job(**fields)

    assert CaptionJob.decode(job.encode()) == job


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "A" * 129}, "id"),
        ({"id": "-leading"}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "job\n"}, "id"),
        ({"id": "jöb"}, "id"),
        ({"id": 7}, "id"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "t" * 65}, "tenant"),
        ({"metadata": {f"key-{n}": "" for n in range(17)}}, "metadata"),
        ({"metadata": {"": "v"}}, "metadata"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"metadata": {"k": 42}}, "metadata.k"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "p" * 8001}, "prompt"),
        ({"store_days": -1}, "store_days"),
        ({"store_days": 366}, "store_days"),
        ({"version": 2}, "version"),
        ({"lane": "slow"}, "lane"),
        ({"start_by": "2026-11-23T12:00:00"}, "start_by"),
        ({"finish_by": "tomorrow"}, "finish_by"),
    ],
)
def test_refusal_names_the_field(fields: dict[str, Any], field: str) -> None:
    """Whoever sent the job learns which of its fields is at fault."""
    with pytest.raises(InvalidMessageError) as refused:
        make_job(**fields)

    assert refused.value.reason.startswith(f"CaptionJob: {field}")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.mp3",
        "HTTPS://EXAMPLE.COM/A",
        "data:audio/mpeg;base64,AAAA",
        "ftp://a/b",
        "s3://bucket/key",
    ],
)
def test_any_absolute_address_is_a_job(url: str) -> None:
    """Which schemes are read is the fleet's choice, so that an unknown one ends as a failed result."""
    job = make_job(audio={"url": url})

    assert job.scheme == url.partition(":")[0].lower()


@pytest.mark.parametrize("url", ["", "a.mp3", "/srv/a.mp3", "https:", ":rest", "//example.com/a.mp3", "my file:a"])
def test_what_is_no_absolute_address_is_refused(url: str) -> None:
    """A path or a bare name means something only on the producer's machine."""
    with pytest.raises(InvalidMessageError, match=r"audio\.url: .*not an absolute address"):
        make_job(audio={"url": url})


@pytest.mark.parametrize("around", [" ", "\n", "\r\n", "\t \0"])
def test_white_space_around_an_address_is_no_part_of_it(around: str) -> None:
    """Addresses are pasted, and read from files; white space inside one is another matter."""
    audio = AudioReference(url=f"{around}https://example.com/a b.mp3{around}")

    assert audio.url == "https://example.com/a b.mp3"


def test_longest_reference() -> None:
    """14,000,000 characters fit, which is a file of ten megabytes as base64; one more does not."""
    job = make_job(audio={"url": LONGEST_URL})

    with pytest.raises(InvalidMessageError, match=r"audio\.url"):
        make_job(audio={"url": LONGEST_URL + "A"})
    assert len(job.audio.url) == MAX_REFERENCE_CHARS


@pytest.mark.parametrize(
    "url", ["ftp://example.com/hook", "https://", "hook", "https:///path", "http://[::1", "https:x"]
)
def test_webhook_needs_a_web_address(url: str) -> None:
    """A webhook is a POST, so it takes http(s) and a host."""
    with pytest.raises(InvalidMessageError, match=r"webhook\.url"):
        make_job(webhook={"url": url})


def test_longest_webhook_address() -> None:
    """2048 characters, as many as browsers and proxies are known to take."""
    url = "https://example.com/" + "a" * 2028
    job = make_job(webhook={"url": url})

    with pytest.raises(InvalidMessageError, match=r"webhook\.url"):
        make_job(webhook={"url": url + "a"})
    assert job.webhook is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": 1},
        {"audio": {"url": "https://example.com/a.mp3", "format": "mp3"}},
        {"webhook": {"url": "https://example.com", "secret": "x"}},
    ],
    ids=["job", "audio", "webhook"],
)
def test_unknown_fields_are_refused_at_every_level(fields: dict[str, Any]) -> None:
    """To drop what somebody asks for would do something else than asked."""
    with pytest.raises(InvalidMessageError, match="Extra inputs are not permitted"):
        make_job(**fields)


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({}, CAPTIONER),
        ({"prompt": "What is said?"}, OMNI),
        ({"model": CAPTIONER}, CAPTIONER),
        ({"model": OMNI}, OMNI),
        ({"model": OMNI, "prompt": "What is said?"}, OMNI),
    ],
)
def test_model_of_a_job(fields: dict[str, Any], model: str) -> None:
    """The captioner, unless a prompt or the job itself asks for the other one."""
    assert make_job(**fields).model_name == model


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"model": CAPTIONER, "prompt": "What is said?"}, "takes no prompt; leave the model out"),
        ({"model": "whisper-1"}, "unknown model 'whisper-1'; known are"),
        ({"start_by": LATER, "finish_by": NOON}, "start_by lies after finish_by"),
    ],
)
def test_fields_that_contradict_each_other(fields: dict[str, Any], reason: str) -> None:
    """The sentence says what does not fit, and what would."""
    with pytest.raises(InvalidMessageError, match=reason):
        make_job(**fields)


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ({}, None, None),
        ({"start_by": NOON}, NOON, None),
        ({"finish_by": LATER}, LATER, LATER),
        ({"start_by": NOON, "finish_by": LATER}, NOON, LATER),
    ],
)
def test_deadline_before_and_after_the_start(
    fields: dict[str, Any], before: datetime | None, after: datetime | None
) -> None:
    """Once a worker has started, only the finish counts."""
    job = make_job(**fields)

    assert (job.deadline(started=False), job.deadline(started=True)) == (before, after)


def test_deadlines_are_compared_as_moments() -> None:
    """A clock time in another zone may look later and be earlier."""
    job = make_job(start_by="2026-11-23T14:00:00+05:30", finish_by="2026-11-23T09:00:00Z")

    assert job.deadline(started=False) == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", None, 3, "job", b'{"id": "a"'])
def test_what_is_no_job_is_one_error_that_keeps_the_message(raw: object) -> None:
    """Whatever arrives, a consumer has one kind of exception to catch."""
    with pytest.raises(InvalidMessageError) as refused:
        CaptionJob.decode(raw)

    assert refused.value.raw == raw
    assert refused.value.reason.startswith("CaptionJob: ")


def test_refusal_counts_the_other_faults() -> None:
    """One line for people: the first fault, and how many more there are."""
    with pytest.raises(InvalidMessageError) as refused:
        CaptionJob.decode({})

    assert refused.value.reason == "CaptionJob: id: Field required (and 1 more)"


def test_job_is_frozen() -> None:
    """A message does not change once it is said."""
    job = make_job()

    with pytest.raises(ValidationError, match="frozen"):
        job.id = "other"  # type: ignore[misc]  # what the test is about
    assert job == CaptionJob.decode(job_fields())
