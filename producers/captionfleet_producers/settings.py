"""The settings of a process that submits jobs or reads their results."""

from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import SettingsError

from captionfleet_ledger.settings import PREFIX, FleetSettings
from captionfleet_producers.errors import InvalidSettingsError
from captionfleet_schemas.job import Tenant


class ProducerSettings(FleetSettings):
    """What the fleet's processes share, and what only a producer needs."""

    tenant: Tenant = Field(
        default="default", description="Tenant of jobs that name none; it keeps idempotency keys and budgets apart."
    )
    send_timeout: float = Field(
        default=5.0,
        gt=0,
        description="Seconds to wait for the broker when a job's message is sent. The job is accepted before that: "
        "when the broker does not answer, a worker's sweep sends the message later.",
    )

    @classmethod
    def from_env(cls) -> Self:
        """Read the environment, and the files that its `*_FILE` variables name.

        Raises:
            InvalidSettingsError: a value makes no sense, or a named file cannot be read.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(str(part) for part in first["loc"]).upper()
            raise InvalidSettingsError(f"{PREFIX}{name}: {first['msg']}") from None
        except (OSError, SettingsError) as error:
            raise InvalidSettingsError(f"the settings cannot be read: {error}") from None
