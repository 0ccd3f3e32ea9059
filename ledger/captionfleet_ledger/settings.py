"""Settings on which every process of one fleet has to agree: producers, workers and Flower inherit them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from captionfleet_schemas.urls import objection_to_server

PREFIX = "CAPTIONFLEET_"

CommaSeparated = NoDecode
"""Marks a collection that the environment spells `a,b,c`."""


class SecretFilesSource(PydanticBaseSettingsSource):
    """Reads `CAPTIONFLEET_X` from the file that `CAPTIONFLEET_X_FILE` names, as containers mount secrets."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  the base class's signature
        """The file's text without surrounding white space, or None when no file is named."""
        path = self._environment.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text(encoding="utf-8").strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every field for which a file is named."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


class FleetSettings(BaseSettings):
    """Each name is an environment variable with the prefix `CAPTIONFLEET_`.

    Any of them, a secret above all, can also be read from a file:
    `CAPTIONFLEET_WEBHOOK_SECRETS_FILE=/run/secrets/webhook_secrets`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, protected_namespaces=(), populate_by_name=True
    )

    broker_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        description="Celery broker: redis://, rediss://, amqp:// or amqps://. A Redis database or a RabbitMQ vhost of "
        "its own is best.",
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/1"),
        description="The ledger, in Redis or Valkey: redis://, rediss:// or unix://, or redis+cluster:// and "
        "rediss+cluster:// for a cluster. It must not evict keys (`maxmemory-policy noeviction`).",
    )
    ledger_shards: int = Field(
        default=16, ge=1, le=100, description="Shards of the ledger; fixed for the life of its data."
    )
    ledger_replicas: int = Field(
        default=0,
        ge=0,
        description="Replicas of the ledger that must have confirmed each acceptance and each outcome; 0 asks for "
        "none. While fewer do, nothing is accepted or told.",
    )
    ledger_replicas_timeout: float = Field(
        default=1.0, gt=0, le=10, description="Seconds to wait for them before it is tried again."
    )
    retention_days: float = Field(
        default=7.0, gt=0, description="Days that finished jobs stay in the ledger, unless the job says otherwise."
    )
    lost_after: float = Field(
        default=60.0,
        gt=0,
        description="Seconds after which a job that younger ones have overtaken counts as having lost its message.",
    )
    blob_url: str | None = Field(
        default=None,
        description="Where uploaded audio is kept: a folder that all share, such as "
        "`file:///var/lib/captionfleet/blobs`, or a bucket, such as `s3://uploads/captionfleet`; none by default.",
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], CommaSeparated] = Field(
        default=(),
        description="`whsec_…` secrets, comma-separated, newest first; a delivery carries one signature for each.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _split(cls, value: Any, info: Any) -> Any:
        field = cls.model_fields[info.field_name]
        if isinstance(value, str) and CommaSeparated in field.metadata:
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("broker_url", "redis_url")
    @classmethod
    def _can_be_read(cls, url: SecretStr) -> SecretStr:
        objection = objection_to_server(url.get_secret_value())
        if objection:
            raise ValueError(objection)
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over files that it names."""
        del dotenv_settings
        return init_settings, env_settings, SecretFilesSource(settings_cls, os.environ), file_secret_settings


def explain(error: ValidationError) -> str:
    """One line for each setting that is missing or wrong, with the name of its variable and never its value."""
    problems: dict[str, list[str]] = {}
    for problem in error.errors(include_input=False, include_url=False):
        # What follows the setting's name is a place in its list, or pydantic's own names for what it tried.
        problems.setdefault(str(problem["loc"][0]), []).append(problem["msg"])
    lines = (f"{PREFIX}{name.upper()}: {'; '.join(dict.fromkeys(reasons))}" for name, reasons in problems.items())
    return "\n".join(("Settings that need your attention:", *lines))
