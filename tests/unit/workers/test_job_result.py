"""From an attempt to a result."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from captionfleet_schemas import CaptionResult, FailureCode, JobState
from captionfleet_schemas.catalogue import OMNI
from captionfleet_workers.job import result
from tests.unit.workers.making import NOON, make_answered, make_attempt, make_inspection

NOW = 1_795_435_204.5
NOW_AS_DATE = datetime.fromtimestamp(NOW, UTC)


def test_success_carries_all_that_was_found() -> None:
    """Caption, usage, exact cost, facts, plan and timings, under the names that the job came with."""
    outcome = result.succeeded(make_answered(), region="singapore", now=NOW)

    assert (outcome.state, outcome.caption, outcome.failure) == (JobState.SUCCEEDED, "A crow calls twice.", None)
    assert (outcome.job_id, outcome.tenant, outcome.metadata) == ("job-1", "acme", {"show": "42"})
    assert outcome.cost is not None
    assert outcome.cost.total == Decimal("0.00179382")
    assert (outcome.attempts, outcome.model_calls, outcome.request_id) == (2, 3, "request-1")
    assert outcome.audio is not None
    assert (outcome.audio.seconds, outcome.audio.bytes, outcome.audio.sha256) == (12.16, 1234, "ab" * 32)
    assert outcome.plan is not None
    assert outcome.timings.steps == {"fetch": 0.1235, "call": 4.0}
    assert (outcome.timings.accepted_at, outcome.timings.finished_at) == (NOON, NOW_AS_DATE)


def test_success_is_a_valid_message() -> None:
    """What is put together without validation would also have passed it."""
    outcome = result.succeeded(make_answered(), region="singapore", now=NOW)

    assert CaptionResult.decode(outcome.encode()) == outcome


@pytest.mark.parametrize("region", ["beijing", "atlantis"])
def test_cost_is_the_regions(region: str) -> None:
    """Where no price is published, no cost is invented."""
    outcome = result.succeeded(make_answered(), region=region, now=NOW)

    assert (outcome.cost.price_version if outcome.cost else None) == {"beijing": "beijing-2026-03-14"}.get(region)


def test_answer_without_usage_has_no_cost() -> None:
    """It succeeded all the same, and says so among its doubts."""
    outcome = result.succeeded(make_answered(usage=None, quality=("usage_missing",)), region="singapore", now=NOW)

    assert (outcome.usage, outcome.cost, outcome.quality) == (None, None, ("usage_missing",))
    assert outcome.state is JobState.SUCCEEDED


def test_model_without_a_price_has_no_cost() -> None:
    """The result names the model that answered."""
    outcome = result.succeeded(make_answered(OMNI), region="atlantis", now=NOW)

    assert (outcome.model, outcome.cost) == (OMNI, None)


def test_damaged_audio_is_added_to_the_doubts() -> None:
    """To those that the answer itself raises."""
    attempt = make_answered(inspection=make_inspection(damaged=True), quality=("truncated",))

    outcome = result.succeeded(attempt, region="singapore", now=NOW)

    assert outcome.quality == ("truncated", "damaged_audio")
    assert outcome.audio is not None
    assert outcome.audio.damaged


@pytest.mark.parametrize("code", FailureCode)
def test_state_follows_from_the_code(code: FailureCode) -> None:
    """A passed deadline expires and a wish cancels; everything else fails."""
    ends = {FailureCode.DEADLINE_EXCEEDED: JobState.EXPIRED, FailureCode.CANCELLED: JobState.CANCELLED}

    outcome = result.failed(make_attempt(), code, "no such luck", upstream_code="Busy", now=NOW)

    assert outcome.state is ends.get(code, JobState.FAILED)
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == (code, "No such luck.")
    assert outcome.failure.upstream_code == "Busy"


def test_early_failure_says_nothing_of_the_audio() -> None:
    """What was not fetched has no facts, and what was not fitted has no plan."""
    outcome = result.failed(make_attempt(), FailureCode.AUDIO_UNREACHABLE, "404", now=NOW)

    assert (outcome.audio, outcome.plan, outcome.caption, outcome.usage) == (None, None, None, None)
    assert CaptionResult.decode(outcome.encode()) == outcome


def test_late_failure_keeps_what_is_known_of_the_audio() -> None:
    """It helps whoever looks into a refusal of the model."""
    outcome = result.failed(make_answered(), FailureCode.MODEL_REJECTED, "No.", now=NOW)

    assert outcome.audio is not None
    assert outcome.plan is not None
    assert outcome.caption is None
