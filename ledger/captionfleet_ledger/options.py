from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOptions:
    """How a ledger is kept. All durations are in seconds unless the name says days."""

    shards: int = 16
    """Fixed for a ledger's life, 1 to 100. Defaults to 16."""
    retention_days: float = 7.0
    """How long an ended job is kept when it does not say so itself (`store_days`). Defaults to 7."""
    lost_after: float = 60.0
    """A job that is still queued so long after a younger one was claimed has lost its message. Defaults to 60."""
    send_grace: float = 10.0
    """How long a sweep waits for `mark_sent` before it offers the same job again. Defaults to 10."""
    publish_grace: float = 10.0
    """How long a sweep waits for `mark_published` before it offers the same event again. Defaults to 10."""
    replicas: int = 0
    """How many replicas must have confirmed an acceptance or a settlement. Defaults to 0."""
    replicas_timeout: float = 1.0
    """How long to wait for them. Defaults to 1."""
    max_connections: int = 64
    """Threads beyond that many wait for a free connection, at most `socket_timeout`. Defaults to 64."""
    socket_connect_timeout: float = 5.0
    """Defaults to 5."""
    socket_timeout: float = 15.0
    """How long a call waits for its answer. Defaults to 15."""
    health_check_interval: int = 25
    """A connection that was idle for longer is checked before its next use. Defaults to 25."""
