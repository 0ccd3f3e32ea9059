"""The models' documented figures."""

from datetime import date
from decimal import Decimal

import pytest

from captionfleet_schemas import UnknownModelError
from captionfleet_schemas.catalogue import CAPTIONER, MODELS, OMNI, ModelCard, Price, model_card


def test_captioner_has_the_documented_figures() -> None:
    """As its page states them: limits of a call, rates, token rule and form of the call."""
    card = model_card(CAPTIONER)

    assert (card.limits.max_seconds, card.limits.max_url_bytes, card.limits.max_inline_chars) == (2400, 10**9, 10**7)
    assert (card.limits.max_input_tokens, card.limits.max_output_tokens) == (32_768, 32_768)
    assert (card.limits.requests_per_minute, card.limits.tokens_per_minute) == (60, 100_000)
    assert (card.tokens.tokens_per_second, card.tokens.min_seconds) == (Decimal("12.5"), 1.0)
    assert (card.takes_prompt, card.stream_only) == (False, False)


@pytest.mark.parametrize(("region", "into", "out"), [("singapore", "3.81", "3.06"), ("beijing", "2.265", "1.821")])
def test_published_prices(region: str, into: str, out: str) -> None:
    """US dollars per million tokens."""
    price = model_card(CAPTIONER).price(region)

    assert price is not None
    assert (price.input_per_million, price.output_per_million) == (Decimal(into), Decimal(out))


def test_region_without_a_price() -> None:
    """Nothing is invented where nothing is published."""
    assert model_card(CAPTIONER).price("atlantis") is None


@pytest.mark.parametrize(
    ("region", "into", "text", "out"),
    [("singapore", "3.81", "0.43", "3.06"), ("beijing", "2.265", "0.258", "1.821")],
)
def test_model_for_prompts_has_its_own_figures(region: str, into: str, text: str, out: str) -> None:
    """The words of a prompt cost less than its audio; an answer may be half as long."""
    card = model_card(OMNI)
    price = card.price(region)

    assert price is not None
    assert (price.input_per_million, price.text_input_per_million) == (Decimal(into), Decimal(text))
    assert price.output_per_million == Decimal(out)
    assert (card.takes_prompt, card.stream_only) == (True, True)
    assert (card.limits.max_input_tokens, card.limits.max_output_tokens) == (49_152, 16_384)
    assert (card.limits.requests_per_minute, card.limits.tokens_per_minute) == (60, 100_000)


def test_newest_price_counts() -> None:
    """Old rows stay in the table, so that old receipts can be checked."""
    rows = tuple(
        Price(region="r", input_per_million=Decimal(1), output_per_million=Decimal(1), as_of=date(year, 1, 1))
        for year in (2025, 2027, 2026)
    )
    card = ModelCard(name="m", takes_prompt=False, stream_only=False, prices=rows)

    newest = card.price("r")

    assert newest is not None
    assert newest.version == "r-2027-01-01"


def test_unknown_model_is_named_with_those_that_are_known() -> None:
    """The message helps whoever mistyped a name."""
    with pytest.raises(UnknownModelError, match="unknown model 'whisper'; known are qwen3") as refused:
        model_card("whisper")

    assert refused.value.name == "whisper"


@pytest.mark.parametrize("name", sorted(MODELS))
def test_card_carries_the_name_under_which_it_is_filed(name: str) -> None:
    """And formats are written the way that inspections report them: lower-case."""
    card = MODELS[name]

    assert card.name == name
    assert all(pair == tuple(part.lower() for part in pair) for pair in card.limits.formats)
