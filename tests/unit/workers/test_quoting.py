"""Quotes, against figures that were worked out by hand."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from captionfleet_schemas.catalogue import CAPTIONER, OMNI, model_card
from captionfleet_workers.job.quoting import Terms, calls_by_length, free, quote_of

CARD = model_card(CAPTIONER)
TERMS = Terms(
    price=CARD.price("singapore"), requests_per_minute=60, tokens_per_minute=100_000, max_output_tokens=32_768
)


def test_ten_seconds_by_hand() -> None:
    """125 tokens of audio and 8 of the template at $3.81, and 450 or 32,768 tokens of answer at $3.06 a million."""
    quote = quote_of(CARD, 10.0, TERMS, calls=1)

    assert (quote.calls, quote.input_tokens) == (1, 133)
    assert (quote.typical_output_tokens, quote.max_output_tokens) == (450, 32_768)
    assert quote.typical is not None
    assert quote.worst is not None
    assert quote.typical.total == Decimal("0.00050673") + Decimal("0.001377")
    assert quote.worst.total == Decimal("0.00050673") + Decimal("0.10027008")
    assert quote.typical.price_version == "singapore-2026-03-14"
    assert quote.timeline_extra is None
    assert (quote.requests_per_minute, quote.tokens_per_minute) == (60, 100_000)


def test_a_timeline_costs_its_answers() -> None:
    """Five minutes in five calls hear the same audio: four more templates and four more answers."""
    quote = quote_of(CARD, 300.0, TERMS, calls=5)

    assert quote.input_tokens == 3750 + 5 * 8
    assert quote.timeline_extra is not None
    assert quote.timeline_extra.total == Decimal("0.00012192") + Decimal("0.005508")


def test_long_audio_in_as_many_calls_as_it_needs_is_no_timeline() -> None:
    """Three times forty minutes."""
    quote = quote_of(CARD, 7200.0, TERMS, calls=3)

    assert quote.input_tokens == 90_000 + 3 * 8
    assert quote.timeline_extra is None


def test_length_asks_for_calls() -> None:
    """One up to forty minutes."""
    assert [calls_by_length(CARD, seconds) for seconds in (0.2, 2400.0, 2400.1, 7200.0)] == [1, 1, 2, 3]


def test_no_published_price_is_no_price() -> None:
    """Tokens are quoted all the same."""
    quote = quote_of(model_card(OMNI), 10.0, replace(TERMS, price=None), calls=1)

    assert (quote.input_tokens, quote.typical, quote.worst) == (133, None, None)


def test_no_call_costs_nothing() -> None:
    """In dollars and tokens, at the same limits."""
    quote = free(TERMS)

    assert (quote.calls, quote.input_tokens, quote.max_output_tokens) == (0, 0, 0)
    assert quote.typical is not None
    assert quote.typical.total == 0
    assert quote.requests_per_minute == 60


@given(st.floats(min_value=0.1, max_value=100_000), st.integers(min_value=1, max_value=200))
@example(68_995.0, 29)
def test_more_calls_never_cost_less(seconds: float, calls: int) -> None:
    """And the worst case is never below the typical one."""
    fewer, more = (quote_of(CARD, seconds, TERMS, calls=n) for n in (calls, calls + 1))

    assert fewer.typical is not None
    assert fewer.worst is not None
    assert more.typical is not None
    assert fewer.typical.total < more.typical.total
    assert fewer.typical.total <= fewer.worst.total
