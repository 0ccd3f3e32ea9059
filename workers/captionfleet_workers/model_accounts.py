"""The accounts of the model's service that a fleet may use, as they are configured."""

from decimal import Decimal
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from captionfleet_schemas.catalogue import ModelCard, Price, own_price

Dialect = Literal["openai", "dashscope", "vllm"]

BASE_URLS: dict[str, str] = {
    "openai": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "dashscope": "https://dashscope-intl.aliyuncs.com/api/v1",
}
"""Singapore's, by dialect."""

FOREIGN_PATHS = {
    "openai": ("/api/v1",),
    "dashscope": ("/compatible-mode/v1", "/chat/completions", "/generation"),
    "vllm": ("/compatible-mode/v1", "/api/v1"),
}
"""Ends of a base URL that belong to another dialect, or to one of its calls."""


class ModelAccount(BaseModel):
    """One of them. What is left out has the default of the variable of its name, such as `CAPTIONFLEET_MODEL_RPM`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,32}$")] = ""
    """Names the account in logs, metrics and the ledger; empty for the only one."""
    api_key: SecretStr | None = None
    dialect: Dialect = "openai"
    base_url: str = Field(default="", validate_default=True)
    region: str = "singapore"
    """Whose prices are used."""
    rpm: Annotated[float, Field(ge=0)] = 60.0
    tpm: Annotated[float, Field(ge=0)] = 100_000.0
    guards_fetches: bool = False
    """Whether a server of one's own refuses inner addresses, redirects to them among them, by itself."""
    price_input: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """US dollars per million tokens of a server of one's own, in and out."""
    price_output: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    weight: Annotated[float, Field(ge=0, le=1000)] = 1.0
    """So many calls of those that more than one account could take; 0 stands by until the others are down."""

    @field_validator("base_url")
    @classmethod
    def _suits_the_dialect(cls, url: str, info: ValidationInfo) -> str:
        # A dialect that is none has been complained of already.
        return base_url(url, info.data.get("dialect", "openai"))

    @model_validator(mode="after")
    def _has_prices_of_its_own(self) -> Self:
        if (self.price_input or self.price_output) and not self.self_hosted:
            msg = f"the {self.dialect} dialect has published prices; only a server of one's own (vllm) has its own"
            raise ValueError(msg)
        return self

    @property
    def self_hosted(self) -> bool:
        """Whether the server is one's own, in a network that callers must not reach through it."""
        return self.dialect == "vllm"

    @property
    def takes_addresses(self) -> bool:
        """Whether its server may be told where audio is, instead of being sent the audio."""
        return self.guards_fetches or not self.self_hosted

    def price(self, card: ModelCard, region: str | None = None) -> Price | None:
        """What calls of a model cost: the server's own row, or the newest of the region, if there is one."""
        if self.self_hosted:
            return own_price(self.price_input, self.price_output)
        return card.price(region or self.region)


def checked(accounts: tuple[ModelAccount, ...]) -> tuple[ModelAccount, ...]:
    """The accounts, if they can be told apart and called.

    Raises:
        ValueError: they cannot.
    """
    names = [account.name for account in accounts]
    if "" in names or len(set(names)) < len(names):
        raise ValueError("each account needs a name of its own")
    if not all(account.api_key for account in accounts):
        raise ValueError("each account needs its api_key; for a server that asks for none any word will do")
    if accounts and not any(account.weight for account in accounts):
        raise ValueError("one account at least needs a weight above 0")
    return accounts


def base_url(url: str, dialect: str) -> str:
    """The base URL for a dialect: the given one, or its default.

    Raises:
        ValueError: it is none, or that of another dialect.
    """
    url = url or BASE_URLS.get(dialect, "")
    if not url:
        msg = f"the {dialect} dialect needs one, such as http://localhost:8000/v1"
        raise ValueError(msg)
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ValueError("must be an http:// or https:// address")
    foreign = next((end for end in FOREIGN_PATHS[dialect] if url.rstrip("/").endswith(end)), None)
    if foreign:
        msg = f"ends in {foreign}, which is not the base URL of the {dialect} dialect (CAPTIONFLEET_MODEL_DIALECT)"
        raise ValueError(msg)
    return url
