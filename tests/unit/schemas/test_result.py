"""CaptionResult and its parts: which results there can be."""

from typing import Any

import pytest
from pydantic import ValidationError

from captionfleet_schemas import FINAL_STATES, CaptionResult, Failure, FailureCode, JobState, UsageEvent
from captionfleet_schemas.failures import REMEDIES
from tests.unit.schemas.making import NOON, make_result

FAILURE = Failure.of(FailureCode.AUDIO_EMPTY, "nothing there")


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.WAITING])
def test_result_is_final(state: JobState) -> None:
    """A job that goes on has no result."""
    with pytest.raises(ValidationError, match=f"a result is final, {state} is not"):
        make_result(state=state)


@pytest.mark.parametrize("state", sorted(FINAL_STATES - {JobState.SUCCEEDED}))
def test_what_did_not_succeed_says_why(state: JobState) -> None:
    """Every other end carries a failure."""
    result = make_result(state=state, caption=None, failure=FAILURE)

    with pytest.raises(ValidationError, match="if and only if it did not succeed"):
        make_result(state=state, caption=None)
    assert result.failure is FAILURE


def test_success_carries_no_failure() -> None:
    """A caption and an excuse together say nothing."""
    with pytest.raises(ValidationError, match="if and only if it did not succeed"):
        make_result(failure=FAILURE)


@pytest.mark.parametrize(
    "fields",
    [
        {"attempts": -1},
        {"model_calls": -1},
        {"usage": {"input_tokens": -1, "output_tokens": 0}},
        {"timings": {"accepted_at": NOON, "finished_at": NOON, "steps": {"fetch": -0.1}}},
        {"timings": {"accepted_at": NOON.replace(tzinfo=None), "finished_at": NOON}},
    ],
)
def test_impossible_numbers_are_refused(fields: dict[str, Any]) -> None:
    """Counts and durations do not run backwards, and times have a zone."""
    with pytest.raises(ValidationError, match="1 validation error"):
        make_result(**fields)


def test_unknown_fields_are_ignored_at_every_level() -> None:
    """A newer worker may say more than an older reader understands."""
    known = make_result(state=JobState.FAILED, caption=None, failure=FAILURE)
    newer: dict[str, Any] = known.model_dump(mode="json", exclude_none=True)
    newer["mood"] = "sad"
    newer["failure"]["severity"] = 3
    newer["usage"]["video_tokens"] = 1

    assert CaptionResult.decode(newer) == known


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("nothing there", "Nothing there."), (" Is it? ", "Is it?"), ("No!", "No!"), ("", "."), ("é", "É.")],
)
def test_failure_message_is_a_sentence(text: str, sentence: str) -> None:
    """It is shown to people as it is."""
    assert Failure.of(FailureCode.POISONED, text).message == sentence


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_code_has_a_remedy(code: FailureCode) -> None:
    """A failure says what its receiver can do about it."""
    failure = Failure.of(code, "No.", "Upstream")

    assert failure.remedy == REMEDIES[code]
    assert failure.remedy.endswith(".")
    assert failure.upstream_code == "Upstream"


@pytest.mark.parametrize("state", JobState)
def test_final_states_are_final(state: JobState) -> None:
    """Four of the seven are ends."""
    assert state.is_final is (state in FINAL_STATES)
    assert len(FINAL_STATES) == 4


def test_usage_event_repeats_what_the_books_need() -> None:
    """Whoever keeps the books need not read results."""
    result = make_result(tenant="acme", metadata={"show": "42"}, request_id="request-1")

    event = UsageEvent.of(result)

    assert event is not None
    assert (event.job_id, event.tenant, event.metadata, event.request_id) == (
        "job-1",
        "acme",
        {"show": "42"},
        "request-1",
    )
    assert (event.usage, event.cost, event.audio_seconds, event.at) == (result.usage, None, None, NOON)


def test_unpaid_result_has_no_usage_event() -> None:
    """What was not answered was not paid."""
    assert UsageEvent.of(make_result(usage=None)) is None
