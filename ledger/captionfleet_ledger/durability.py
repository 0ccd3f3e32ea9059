"""Whether a server is set up to keep what it has acknowledged."""

from collections.abc import Mapping, Sequence
from typing import Any

FORGETFUL = (
    "the ledger's server keeps no append-only file (`appendonly yes`): a restart of it loses every job since its last "
    "snapshot"
)
EVICTING = (
    "the ledger's server removes keys when its memory is full (`maxmemory-policy {policy}`): set it to noeviction, or "
    "jobs will vanish"
)
NO_EVICTION = "noeviction"


def concerns(servers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Sentences for the operator about servers that may lose jobs, from what each answers to INFO.

    What a server does not tell, as a hosted one may not, is taken for good.
    """
    found = [sentence for info in servers for sentence in _about(info)]
    return tuple(dict.fromkeys(found))


def _about(info: Mapping[str, Any]) -> list[str]:
    policy = str(info.get("maxmemory_policy", NO_EVICTION))
    forgetful = [FORGETFUL] if int(info.get("aof_enabled", 1)) == 0 else []
    return forgetful + ([EVICTING.format(policy=policy)] if policy != NO_EVICTION else [])
