"""Tokens and money, by the documented rules."""

from decimal import ROUND_CEILING, Decimal

from captionfleet_schemas.catalogue import ModelCard, Price
from captionfleet_schemas.result import Cost, Usage

_MILLION = Decimal(1_000_000)


def audio_tokens(card: ModelCard, seconds: float) -> int:
    """Tokens of `seconds` of audio: 12.5 a second, at least one second.

    How a fraction of a token is rounded is not documented; it is rounded up here, so that an estimate is never low.
    """
    counted = max(seconds, card.tokens.min_seconds)
    return int((Decimal(str(counted)) * card.tokens.tokens_per_second).to_integral_value(ROUND_CEILING))


def estimate(card: ModelCard, seconds: float) -> Usage:
    """The usage to expect of one call with `seconds` of audio."""
    audio = audio_tokens(card, seconds)
    return Usage(
        input_tokens=audio + card.tokens.template_tokens,
        output_tokens=card.tokens.typical_output_tokens,
        audio_tokens=audio,
        text_tokens=card.tokens.template_tokens,
    )


def cost_of(usage: Usage, price: Price) -> Cost:
    """What `usage` costs, in US dollars and exact to the last digit."""
    apart = price.text_input_per_million
    text = 0 if apart is None else min(usage.text_tokens or 0, usage.input_tokens)
    into = (price.input_per_million * (usage.input_tokens - text) + (apart or 0) * text) / _MILLION
    out = price.output_per_million * usage.output_tokens / _MILLION
    return Cost(input=into, output=out, total=into + out, price_version=price.version)
