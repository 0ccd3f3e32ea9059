from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from captionfleet_emulator.limits.terms import LimitRule, Terms
from captionfleet_emulator.listen.listener import Listener
from captionfleet_schemas.addresses import Network


def split_list(value: object) -> object:
    """A comma-separated text as a list; anything else as it is."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


class EmulatorSettings(Terms, BaseSettings):
    """Settings of one emulator process, from `CAPTIONFLEET_EMULATOR_*` or the command line."""

    model_config = SettingsConfigDict(env_prefix="CAPTIONFLEET_EMULATOR_", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8900, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_list)] = Field(
        default=(),
        description="Keys that are accepted, separated by commas; without any, every key that is not blank is.",
    )
    latency: float = Field(default=0.0, ge=0, description="Seconds that every answer takes at least.")
    latency_per_audio_second: float = Field(default=0.0, ge=0, description="Seconds added for each second of audio.")
    latency_per_output_token: float = Field(
        default=0.0, ge=0, description="Seconds added for each token of the caption."
    )
    seed: int = Field(default=0, description="Seed of the faults that have a probability.")
    listener: Listener = Field(
        default=Listener.FULL,
        description=(
            "How much is heard: `dsp` measures, `sounds` also recognises speech, music and events, `full` also "
            "understands words. What is not installed is left out."
        ),
    )
    listeners: int = Field(
        default=1, ge=1, description="Processes that listen; with `full` each takes up to 500 MB once it hears speech."
    )
    remembered_audios: int = Field(default=1024, ge=1, description="Audios whose description is kept in memory.")
    logged_requests: int = Field(default=10_000, ge=1, description="Requests that the request log keeps.")
    policy_seconds: int = Field(default=300, ge=0, description="Seconds for which an upload policy may be used.")
    upload_seconds: int = Field(default=172_800, ge=0, description="Seconds for which an upload is kept.")
    upload_megabytes: int = Field(default=1024, ge=0, description="Largest upload, in units of 1,048,576 bytes.")
    fetch_timeout: float = Field(default=10.0, gt=0, description="Seconds that the origin of a URL may be silent.")
    allowed_networks: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(split_list)] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Networks besides the public ones that audio is fetched from, separated by commas; empty in the "
        "container.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )

    @property
    def limits(self) -> LimitRule:
        """The limits that hold at the start, for every account and model."""
        return LimitRule(**self.model_dump(include=set(Terms.model_fields)))
