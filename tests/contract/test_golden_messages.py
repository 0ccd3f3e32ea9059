"""Messages of version 1, as other services have stored them."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # the package ships no types

from captionfleet_schemas import CaptionEvent, CaptionJob, CaptionResult, Message, UsageEvent, UsageRecorded
from captionfleet_schemas.asyncapi import asyncapi
from tests.contract.golden_files import GOLDEN, golden, schema_of

EACH = pytest.mark.parametrize(("name", "model"), GOLDEN.items())


@EACH
def test_golden_message_reads_and_writes_the_same(name: str, model: type[Message]) -> None:
    """Nothing is lost, renamed or reformatted on the way through this release."""
    message = model.decode(golden(name))

    assert json.loads(message.encode()) == golden(name)
    assert model.decode(message.encode()) == message


@EACH
def test_golden_message_keeps_the_published_schema(name: str, model: type[Message]) -> None:
    """What flows is what the JSON Schema describes."""
    schema = schema_of(model)
    Draft202012Validator.check_schema(schema)

    errors = [error.message for error in Draft202012Validator(schema).iter_errors(golden(name))]

    assert errors == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"id": "a b"}, "does not match"), ({"metadata": {"k": 1}}, "is not of type"), ({"extra": 1}, "unexpected")],
)
def test_published_schema_refuses_what_the_code_refuses(change: dict[str, Any], fault: str) -> None:
    """A producer in another language finds its mistake before it sends."""
    job = {**golden("caption-job.full"), **change}

    errors = [error.message for error in Draft202012Validator(schema_of(CaptionJob)).iter_errors(job)]

    assert len(errors) == 1
    assert fault in errors[0]


@pytest.mark.parametrize("field", sorted(set(golden("caption-job.full")) - {"id", "audio"}))
def test_null_is_as_good_as_nothing(field: str) -> None:
    """Serialisers write it for what is not set; the published schema takes it as the code does."""
    job = {**golden("caption-job.full"), "model": None, field: None}
    without = {name: value for name, value in job.items() if value is not None}

    assert CaptionJob.decode(job) == CaptionJob.decode(without)
    assert list(Draft202012Validator(schema_of(CaptionJob)).iter_errors(job)) == []


def test_job_written_by_hand_is_the_minimal_job() -> None:
    """Two fields are enough; the others have defaults that do not change within a version."""
    by_hand = golden("caption-job.by-hand")

    assert CaptionJob.decode(by_hand) == CaptionJob.decode(golden("caption-job.minimal"))
    assert list(Draft202012Validator(schema_of(CaptionJob)).iter_errors(by_hand)) == []


def test_queue_message_of_a_foreign_producer() -> None:
    """The keyword arguments of the task: the job's id, and its body, in which the id may be left out."""
    message = golden("caption-task")
    payload = asyncapi()["components"]["messages"]["CaptionTask"]["payload"]

    job = CaptionJob.decode({"id": message["job_id"], **message["job"]})

    assert set(message) == set(payload["properties"])
    assert payload["required"] == ["job_id"]
    assert job.id == "job-1"


def test_events_are_derived_from_their_result() -> None:
    """The golden events are what this release says about the golden result, ids included."""
    result = CaptionResult.decode(golden("caption-result.succeeded"))

    assert CaptionEvent.of(result) == CaptionEvent.decode(golden("caption-event"))
    assert UsageRecorded.of(result) == UsageRecorded.decode(golden("usage-recorded"))
    assert UsageEvent.of(result) == UsageEvent.decode(golden("usage-event"))
