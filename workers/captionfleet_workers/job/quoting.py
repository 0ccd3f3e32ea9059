"""What captioning would take, by the documented rules: pure, from lengths and prices to a quote."""

import math
from dataclasses import dataclass

from captionfleet_schemas import Cost, Quote, Usage
from captionfleet_schemas.catalogue import ModelCard, Price
from captionfleet_schemas.cost import audio_tokens, cost_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the fleet pays and may ask for."""

    price: Price | None
    """None where none is published."""
    requests_per_minute: float
    tokens_per_minute: float
    max_output_tokens: int
    """The longest answer that a call may give."""


def free(terms: Terms) -> Quote:
    """The quote of audio that no call is made for."""
    return Quote.of_no_call(
        requests_per_minute=terms.requests_per_minute,
        tokens_per_minute=terms.tokens_per_minute,
        cost=_cost(Usage(input_tokens=0, output_tokens=0), terms),
    )


def quote_of(card: ModelCard, seconds: float, terms: Terms, *, calls: int) -> Quote:
    """The quote of `seconds` of audio that go to the model in so many calls of about the same length."""
    usage = _usage(card, seconds, calls)
    longest = usage.model_copy(update={"output_tokens": calls * terms.max_output_tokens})
    return Quote(
        calls=calls,
        input_tokens=usage.input_tokens,
        typical_output_tokens=usage.output_tokens,
        max_output_tokens=longest.output_tokens,
        typical=_cost(usage, terms),
        worst=_cost(longest, terms),
        timeline_extra=_extra(card, seconds, terms, usage, calls),
        requests_per_minute=terms.requests_per_minute,
        tokens_per_minute=terms.tokens_per_minute,
    )


def calls_by_length(card: ModelCard, seconds: float) -> int:
    """How many calls the length alone asks for."""
    return max(1, math.ceil(seconds / card.limits.max_seconds))


def _usage(card: ModelCard, seconds: float, calls: int) -> Usage:
    # Where it is cut shows later: the whole is rounded up once, and no call counts for less than the least.
    audio = audio_tokens(card, max(seconds, calls * card.tokens.min_seconds))
    return Usage(
        input_tokens=audio + calls * card.tokens.template_tokens,
        output_tokens=calls * card.tokens.typical_output_tokens,
    )


def _extra(card: ModelCard, seconds: float, terms: Terms, usage: Usage, calls: int) -> Cost | None:
    needed = calls_by_length(card, seconds)
    if calls <= needed:
        return None
    plain = _usage(card, seconds, needed)
    more = Usage(
        input_tokens=usage.input_tokens - plain.input_tokens, output_tokens=usage.output_tokens - plain.output_tokens
    )
    return _cost(more, terms)


def _cost(usage: Usage, terms: Terms) -> Cost | None:
    return cost_of(usage, terms.price) if terms.price else None
