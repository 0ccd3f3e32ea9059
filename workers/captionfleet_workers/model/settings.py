"""The settings of a worker process that concern the model and its accounts."""

from decimal import Decimal

from pydantic import Field, Json, SecretStr, ValidationInfo, field_validator

from captionfleet_ledger.settings import FleetSettings
from captionfleet_schemas.catalogue import CAPTIONER, MODELS
from captionfleet_workers.model_accounts import Dialect, ModelAccount, base_url, checked


class ModelSettings(FleetSettings):
    """Which model is called, where, on whose account, and with what."""

    model_dialect: Dialect = Field(
        default="openai",
        description="Wire format of the model's API: openai and dashscope are the vendor's two, vllm is for weights "
        "that you serve yourself under the name of `CAPTIONFLEET_MODEL_NAME`.",
    )
    model_base_url: str = Field(
        default="",
        validate_default=True,
        description="Base URL of the model's API; by default the Singapore one of the dialect, and vLLM has none. It "
        "ends in `/compatible-mode/v1` (openai), `/api/v1` (dashscope) or `/v1` (vllm). Keys are bound to a region, so "
        "this and the key go together.",
    )
    model_api_key: SecretStr | None = Field(default=None, description="Key of the model's API.")
    dashscope_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="DASHSCOPE_API_KEY",
        description="The vendor's own variable, taken when `CAPTIONFLEET_MODEL_API_KEY` is not set.",
    )
    model_name: str = Field(default=CAPTIONER, description="Model for jobs that name none and have no prompt.")
    model_region: str = Field(default="singapore", description="Region whose prices are used: singapore or beijing.")
    model_price_input: Decimal = Field(
        default=Decimal(0),
        ge=0,
        description="US dollars per million tokens that go into a self-hosted model (vllm). Its calls are priced by "
        "this and the next one alone, and results name that row `self-hosted`.",
    )
    model_price_output: Decimal = Field(default=Decimal(0), ge=0, description="Likewise of tokens that come out of it.")
    model_guards_fetches: bool = Field(
        default=False,
        description="The server of a self-hosted model (vllm) refuses by itself to fetch inner addresses, at each "
        "redirect too (docs/security.md says what that takes), so it may be told where audio is. Otherwise all audio "
        "is sent to it inline.",
    )
    model_rpm: float = Field(
        default=60.0, ge=0, description="Requests per minute that the whole fleet may make; 0 is unlimited."
    )
    model_tpm: float = Field(
        default=100_000.0, ge=0, description="Tokens per minute, in and out, of the whole fleet; 0 is unlimited."
    )
    model_ramp: float = Field(
        default=15.0,
        ge=0,
        description="Seconds in which the rate of calls grows from a quarter to the whole after idleness, as the "
        "service refuses traffic that grows too fast; 0 is at once.",
    )
    model_accounts: Json[tuple[ModelAccount, ...]] = Field(
        default=(),
        validate_default=False,
        description="Several accounts or regions instead of the one that the variables above describe, as JSON: "
        '`[{"name": "sg", "api_key": "sk-…", "weight": 3}, {"name": "cn", "api_key": "sk-…", "region": "beijing", '
        '"base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1"}]`; also `dialect`, `rpm`, `tpm`, '
        "`price_input`, `price_output` and `guards_fetches`, each with the default of the variable of its name. "
        "`weight` divides the calls that several could take; 0 stands by until the others are down. Best given as a "
        "file, as it holds keys.",
    )
    model_call_timeout: float = Field(
        default=310.0, gt=0, description="Seconds that one call may take in all. A plain call ends at 300 s by itself."
    )
    model_max_output_tokens: int | None = Field(
        default=None, ge=1, le=32_768, description="Upper bound of a caption in tokens; none is the model's own limit."
    )
    model_max_seconds: float | None = Field(
        default=None,
        ge=10,
        description="Most seconds of audio in one call; longer audio is captioned in parts. None is what the model "
        "documents, or has turned out to take.",
    )
    model_first_probe: float = Field(
        default=60.0,
        gt=0,
        description="Seconds after which one job is let through a pause that a fault of the account began; each later "
        "probe waits twice as long, up to 10 minutes.",
    )
    pass_urls: bool = Field(
        default=True,
        description="Let the model fetch public audio itself where format, size and origin allow; a self-hosted one "
        "only with CAPTIONFLEET_MODEL_GUARDS_FETCHES.",
    )
    pass_private_urls: bool = Field(
        default=False, description="Likewise for addresses that are not public: for a model in one's own network."
    )
    temporary_upload: bool = Field(
        default=True,
        description="Bring audio that is too large to go inline as it is to the model's own temporary storage, instead "
        "of sending a smaller copy of it. For the dialects openai and dashscope at the vendor's service, which keeps a "
        "file for 48 hours, for the account of the key alone, and does not promise to keep up with many uploads; a "
        "blob store that presigns (CAPTIONFLEET_PRESIGN) comes before it.",
    )
    stream_after: float = Field(
        default=600.0, ge=0, description="Audio longer than this many seconds is captioned by a streaming call."
    )

    @property
    def api_key(self) -> SecretStr | None:
        """The key for the model's API, from whichever variable it was given in."""
        return self.model_api_key or self.dashscope_api_key

    @property
    def accounts(self) -> tuple[ModelAccount, ...]:
        """The accounts that may be called: those that are listed, or the one of the single variables."""
        return self.model_accounts or (
            ModelAccount(
                api_key=self.api_key,
                dialect=self.model_dialect,
                base_url=self.model_base_url,
                region=self.model_region,
                rpm=self.model_rpm,
                tpm=self.model_tpm,
                guards_fetches=self.model_guards_fetches,
                price_input=self.model_price_input,
                price_output=self.model_price_output,
            ),
        )

    @field_validator("model_base_url")
    @classmethod
    def _suits_the_dialect(cls, url: str, info: ValidationInfo) -> str:
        # A dialect that is none has been complained of already.
        dialect = info.data.get("model_dialect", "openai")
        return base_url(url, dialect)

    @field_validator("model_price_input", "model_price_output")
    @classmethod
    def _is_of_ones_own(cls, price: Decimal, info: ValidationInfo) -> Decimal:
        if price and info.data.get("model_dialect") != "vllm":
            raise ValueError("only a self-hosted model (CAPTIONFLEET_MODEL_DIALECT=vllm) has prices of its own")
        return price

    @field_validator("model_accounts")
    @classmethod
    def _can_be_told_apart(cls, accounts: tuple[ModelAccount, ...]) -> tuple[ModelAccount, ...]:
        return checked(accounts)

    @field_validator("model_name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in MODELS:
            msg = f"unknown model; known are {', '.join(sorted(MODELS))}"
            raise ValueError(msg)
        return name
