"""What an answer was expected to take, beside what it was billed for."""

from decimal import Decimal

import pytest

from captionfleet_schemas import Cost
from captionfleet_workers.job import result
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.drift import Expected, drift_of, expected_of
from tests.unit.workers.making import make_account, make_answered, make_attempt


def ended(attempt: Attempt, region: str = "singapore") -> tuple[Cost | None, Expected | None]:
    """What an attempt was billed for, and what was expected."""
    outcome = result.succeeded(attempt, region=region, now=0.0)
    return outcome.cost, expected_of(attempt, outcome, region=region)


def test_expected_by_the_length() -> None:
    """12.16004 s of audio are 153 tokens, rounded up, and those around them; the bill was for 160 in and 387 out."""
    billed, expected = ended(make_answered())

    assert expected
    assert expected.cost
    assert expected.usage.audio_tokens == 153
    assert billed
    assert drift_of(billed, expected) == round(float(billed.total / expected.cost.total), 3)


@pytest.mark.parametrize("factor", ["0.5", "1", "2"])
def test_drift_is_a_multiple(factor: str) -> None:
    """A bill of twice what was expected is a drift of two."""
    _, expected = ended(make_answered())
    assert expected
    assert expected.cost
    billed = expected.cost.model_copy(update={"total": expected.cost.total * Decimal(factor)})

    assert drift_of(billed, expected) == float(factor)


def test_no_price_no_drift() -> None:
    """Where no price is published there is nothing to compare; the tokens are expected all the same."""
    billed, expected = ended(make_answered(), region="atlantis")

    assert expected
    assert drift_of(billed, expected) is None


def test_free_calls_have_no_drift() -> None:
    """Where a server of one's own costs nothing, every bill is a multiple of nothing."""
    attempt = make_answered()
    attempt.account = make_account(dialect="vllm", base_url="http://captioner:8000/v1")

    billed, expected = ended(attempt)

    assert billed
    assert (billed.total, billed.price_version) == (Decimal(0), "self-hosted")
    assert drift_of(billed, expected) is None


def test_no_answer_no_expectation() -> None:
    """A failed job has no bill of an answer."""
    attempt = make_attempt()
    outcome = result.outline(attempt, 0.0)

    assert expected_of(attempt, outcome, region="singapore") is None
    assert drift_of(None, None) is None
