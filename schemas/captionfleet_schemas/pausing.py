"""Pauses: which part of the fleet makes no calls, why, and the events that say so."""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime

from captionfleet_schemas.base import Message, open_to_additions
from captionfleet_schemas.event import Event

FLEET_SCOPE = "fleet"
PAUSED_ROUTING_KEY = "fleet.paused"
RESUMED_ROUTING_KEY = "fleet.resumed"


def tenant_scope(tenant: str) -> str:
    """The scope of one tenant's jobs."""
    return f"tenant:{tenant}"


def model_scope(model: str) -> str:
    """The scope of the jobs for one model."""
    return f"model:{model}"


class PausedBy(StrEnum):
    """Who paused, which decides who resumes."""

    OPERATOR = "operator"
    """A person; nobody else resumes."""
    ACCOUNT_FAULT = "account_fault"
    """A worker whose call the model refused for a fault of the account; a call that succeeds resumes."""


class Pause(Message):
    """A part of the fleet that makes no calls."""

    scope: str
    """`fleet`, `tenant:<name>` or `model:<name>`."""
    by: Annotated[PausedBy, open_to_additions(PausedBy)]
    reason: str
    since: AwareDatetime


class FleetEvent(Event):
    """A pause began (`fleet.paused`) or ended (`fleet.resumed`); the subject is its scope."""

    data: Pause

    @classmethod
    def paused(cls, pause: Pause) -> "FleetEvent":
        """The event of a pause that begins. The same pause always gives the same event."""
        return cls._of(pause, PAUSED_ROUTING_KEY, pause.since)

    @classmethod
    def resumed(cls, pause: Pause, at: AwareDatetime) -> "FleetEvent":
        """The event of a pause that ends."""
        return cls._of(pause, RESUMED_ROUTING_KEY, at)

    @classmethod
    def _of(cls, pause: Pause, routing_key: str, at: AwareDatetime) -> "FleetEvent":
        seed = f"{pause.scope}\n{routing_key}\n{pause.since.isoformat()}"
        digest = hashlib.sha256(seed.encode()).hexdigest()[:32]
        return cls(id=f"evt_{digest}", type=routing_key, subject=pause.scope, time=at, data=pause)
