"""Tokens and money, by the documented rules."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_schemas import Cost, Usage
from captionfleet_schemas.catalogue import CAPTIONER, MODELS, OMNI, Price, model_card
from captionfleet_schemas.cost import audio_tokens, cost_of, estimate
from tests.unit.schemas.strategies import PRICES, usages

CARD = MODELS[CAPTIONER]
SINGAPORE = next(price for price in CARD.prices if price.region == "singapore")
SECONDS = st.floats(min_value=0, max_value=86_400)


def test_documented_answer_costs_what_the_price_table_says() -> None:
    """The model's page shows an answer of 160 tokens in and 387 out; here it is in dollars, to the last digit."""
    cost = cost_of(Usage(input_tokens=160, output_tokens=387), SINGAPORE)

    assert (cost.input, cost.output, cost.total) == (Decimal("0.0006096"), Decimal("0.00118422"), Decimal("0.00179382"))
    assert cost.price_version == "singapore-2026-03-14"


def test_no_tokens_cost_nothing() -> None:
    """Nought is written as a plain number."""
    cost = cost_of(Usage(input_tokens=0, output_tokens=0), SINGAPORE)

    assert cost.total == 0
    assert b"E" not in cost.encode().replace(b"USD", b"")


@pytest.mark.parametrize(
    ("text_tokens", "cost"), [(20, "0.0003896"), (0, "0.0004572"), (None, "0.0004572"), (500, "0.0000516")]
)
def test_words_of_a_prompt_have_a_price_of_their_own(text_tokens: int | None, cost: str) -> None:
    """Where a row has one; without a count of them, all input costs what audio does."""
    price = model_card(OMNI).price("singapore")
    assert price is not None

    usage = Usage(input_tokens=120, output_tokens=0, text_tokens=text_tokens)

    assert cost_of(usage, price).input == Decimal(cost)


@given(usages, PRICES)
def test_cost_is_exact(usage: Usage, price: Price) -> None:
    """No rounding anywhere: the parts make the whole, and a fraction calculated apart agrees."""
    cost = cost_of(usage, price)

    expected = (
        Fraction(price.input_per_million) * usage.input_tokens
        + Fraction(price.output_per_million) * usage.output_tokens
    )
    assert Fraction(cost.total) * 1_000_000 == expected
    assert cost.input + cost.output == cost.total


@given(usages, PRICES)
def test_cost_survives_the_wire_as_plain_digits(usage: Usage, price: Price) -> None:
    """Amounts are strings of digits that any language reads, never floats or exponents."""
    cost = cost_of(usage, price)

    read = Cost.decode(cost.encode())
    written = cost.model_dump(mode="json")

    assert read == cost
    assert all(written[name].replace(".", "", 1).isdigit() for name in ("input", "output", "total"))


@pytest.mark.parametrize(
    ("seconds", "tokens"),
    [(0, 13), (0.2, 13), (1, 13), (1.04, 13), (1.05, 14), (2, 25), (12.16, 152), (2400, 30_000)],
)
def test_audio_tokens(seconds: float, tokens: int) -> None:
    """12.5 a second, at least one second, rounded up."""
    assert audio_tokens(CARD, seconds) == tokens


@given(SECONDS)
def test_audio_tokens_are_the_rule_rounded_up(seconds: float) -> None:
    """The same rule in fractions, of the number as it is written."""
    exact = Fraction(str(max(seconds, 1.0))) * Fraction(25, 2)

    assert audio_tokens(CARD, seconds) == math.ceil(exact)


@given(SECONDS, SECONDS)
def test_longer_audio_never_has_fewer_tokens(one: float, other: float) -> None:
    """An estimate grows with its audio."""
    assert audio_tokens(CARD, min(one, other)) <= audio_tokens(CARD, max(one, other))


def test_estimate_of_the_documented_clip() -> None:
    """Audio of 12.16 s and the template make the 160 tokens of the documented answer."""
    usage = estimate(CARD, 12.16)

    assert (usage.audio_tokens, usage.text_tokens, usage.input_tokens) == (152, 8, 160)
    assert usage.output_tokens == CARD.tokens.typical_output_tokens


def test_longest_audio_fits_the_context() -> None:
    """Forty minutes and the template stay below the documented number of input tokens."""
    assert estimate(CARD, CARD.limits.max_seconds).input_tokens <= CARD.limits.max_input_tokens
