"""The models' documented limits, token rules and prices, as data.

Sources: the audio understanding page of the Qwen Cloud documentation (limits, token rule, Singapore prices) and the
Model Studio pages on rate limits (2026-02-24), Qwen3-Omni-Captioner (2026-03-14) and error codes. Prices and output
limit of Qwen3-Omni-Flash: the models.dev catalogue (2025-09-15), whose price of output is for questions without audio;
answers about audio are taken to cost what the captioner's do, which is more. Its input limit is what the output leaves
of its context of 65,536 tokens.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from captionfleet_schemas.failures import UnknownModelError

CAPTIONER = "qwen3-omni-30b-a3b-captioner"
OMNI = "qwen3-omni-flash"

DOCUMENTED_FORMATS = frozenset(
    {
        ("amr", "amrnb"),
        ("amr", "amrwb"),
        ("wav", "gsm_ms"),
        ("wav", "pcm"),
        ("3gp", "amrnb"),
        ("3gp", "amrwb"),
        ("3gp", "aac"),
        ("aac", "aac"),
        ("mp3", "mp3"),
    }
)
"""(container, codec) pairs that the page lists: AMR, WAV (GSM_MS), WAV (PCM), 3GP, 3GPP, AAC and MP3.

`wav`/`pcm` stands for every integer PCM width, `3gp` for 3GP and 3GPP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may carry.

    Two readings of "10 MB" exist (10,000,000 and 10,485,760); the smaller one is what we keep to, the larger one is
    what the error message of the service names.
    """

    max_seconds: float = 2400.0
    max_url_bytes: int = 1_000_000_000
    max_upload_bytes: int = 1_000_000_000
    """Of the temporary storage; the policy for an upload may say less."""
    max_inline_chars: int = 10_000_000
    max_inline_chars_by_message: int = 10_485_760
    max_input_tokens: int = 32_768
    max_output_tokens: int = 32_768
    requests_per_minute: int = 60
    tokens_per_minute: int = 100_000
    max_call_seconds: float = 300.0
    formats: frozenset[tuple[str, str]] = DOCUMENTED_FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRule:
    """Audio tokens per second; audio shorter than `min_seconds` counts as that long."""

    tokens_per_second: Decimal = Decimal("12.5")
    min_seconds: float = 1.0
    template_tokens: int = 8
    """Text tokens that every documented answer shows besides the audio."""
    typical_output_tokens: int = 450
    """Four published answers for a six-second clip took 387 to 514."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens in one region, as published on `as_of`; None for a server of one's own."""

    region: str
    input_per_million: Decimal
    output_per_million: Decimal
    text_input_per_million: Decimal | None = None
    """Of the words of a prompt, where they have a price of their own; all other input has `input_per_million`."""
    as_of: date | None

    @property
    def version(self) -> str:
        """Names this row in a receipt, such as `singapore-2026-03-14`; what nobody published is named by its prices."""
        if self.as_of is not None:
            return f"{self.region}-{self.as_of.isoformat()}"
        prices = (self.input_per_million, self.output_per_million)
        return "-".join([self.region, *(f"{price.normalize():f}" for price in prices)]) if any(prices) else self.region


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything documented about one model that a decision of ours depends on."""

    name: str
    takes_prompt: bool
    stream_only: bool
    limits: Limits = field(default_factory=Limits)
    tokens: TokenRule = field(default_factory=TokenRule)
    prices: tuple[Price, ...] = ()

    def price(self, region: str) -> Price | None:
        """The newest price of a region, or None where none is published."""
        rows = [row for row in self.prices if row.region == region]
        return max(rows, key=lambda row: row.as_of or date.min, default=None)


SELF_HOSTED = "self-hosted"


def own_price(input_per_million: Decimal, output_per_million: Decimal) -> Price:
    """The row of a server of one's own, whose calls cost what its operator says."""
    return Price(
        region=SELF_HOSTED, input_per_million=input_per_million, output_per_million=output_per_million, as_of=None
    )


MODELS = {
    card.name: card
    for card in (
        ModelCard(
            name=CAPTIONER,
            takes_prompt=False,
            stream_only=False,
            prices=(
                Price(
                    region="singapore",
                    input_per_million=Decimal("3.81"),
                    output_per_million=Decimal("3.06"),
                    as_of=date(2026, 3, 14),
                ),
                Price(
                    region="beijing",
                    input_per_million=Decimal("2.265"),
                    output_per_million=Decimal("1.821"),
                    as_of=date(2026, 3, 14),
                ),
            ),
        ),
        ModelCard(
            name=OMNI,
            takes_prompt=True,
            stream_only=True,
            limits=Limits(max_input_tokens=49_152, max_output_tokens=16_384),
            prices=(
                Price(
                    region="singapore",
                    input_per_million=Decimal("3.81"),
                    output_per_million=Decimal("3.06"),
                    text_input_per_million=Decimal("0.43"),
                    as_of=date(2025, 9, 15),
                ),
                Price(
                    region="beijing",
                    input_per_million=Decimal("2.265"),
                    output_per_million=Decimal("1.821"),
                    text_input_per_million=Decimal("0.258"),
                    as_of=date(2025, 9, 15),
                ),
            ),
        ),
    )
}


def model_card(name: str) -> ModelCard:
    """The card of a model.

    Raises:
        UnknownModelError: the catalogue has no such model.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise UnknownModelError(name, sorted(MODELS)) from None
