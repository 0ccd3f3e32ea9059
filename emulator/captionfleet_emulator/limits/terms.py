"""What an account may use of a model, and for whom that holds."""

import hashlib
import re
from math import ceil
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

FINGERPRINT = re.compile(r"[0-9a-f]{8}")


def fingerprint(account: str) -> str:
    """Names an API key without giving it away: eight digits of its SHA-256."""
    return hashlib.sha256(account.encode()).hexdigest()[:8]


class Terms(BaseModel):
    """Limits of one account on one model; what is left out is not limited.

    Source of the figures in the descriptions: the Model Studio page on rate limits (2026-02-24). It says nothing about
    how the growth of traffic is measured, so the measure of `burst` is our own.
    """

    model_config = ConfigDict(frozen=True)

    rpm: int | None = Field(
        default=None, ge=1, description="Requests per minute and account; the service documents 60."
    )
    tpm: int | None = Field(
        default=None, ge=1, description="Tokens, in and out, per minute and account; the service documents 100000."
    )
    rps: float | None = Field(
        default=None, ge=0, description="Requests per second; by default a sixtieth of those per minute, 0 is no limit."
    )
    tps: float | None = Field(
        default=None, ge=0, description="Tokens per second; by default a sixtieth of those per minute, 0 is no limit."
    )
    burst: int | None = Field(
        default=None, ge=1, description="Requests that ten seconds may bring more than the ten seconds before them."
    )
    concurrency: int | None = Field(
        default=None, ge=1, description="Calls under way at the same time; the service's own limit is not documented."
    )
    free_tokens: int | None = Field(
        default=None, ge=0, description="Tokens of a free quota; once they are used up the account is refused."
    )

    @property
    def requests_in_a_second(self) -> int | None:
        """Whole requests that one second takes."""
        rate = (self.rpm or 0) / 60 if self.rps is None else self.rps
        return ceil(rate) or None

    @property
    def tokens_in_a_second(self) -> float | None:
        """Tokens that one second takes."""
        return ((self.tpm or 0) / 60 if self.tps is None else self.tps) or None


class LimitRule(Terms):
    """Terms for one account, one model, both, or, with neither, for all that no other rule speaks of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Annotated[
        str, AfterValidator(lambda key: key if not key or FINGERPRINT.fullmatch(key) else fingerprint(key))
    ] = Field(
        default="",
        description="Only for this API key, or for the account that the request log calls so; lists show the latter.",
    )
    model: str = Field(default="", description="Only for this model.")

    def concerns(self, account: str, model: str) -> bool:
        """Whether the rule is about such a call; `account` is a fingerprint."""
        return self.account in ("", account) and self.model in ("", model)
