"""Times as the ledger writes them (seconds since 1970) and as its users read them (aware datetimes in UTC)."""

from datetime import UTC, datetime


def moment(seconds: str | bytes | float) -> datetime:
    """An aware datetime in UTC."""
    return datetime.fromtimestamp(float(seconds), UTC)


def optional_moment(seconds: str | bytes | None) -> datetime | None:
    """Likewise, for what may not be set."""
    return None if seconds is None else moment(seconds)


def stamp(at: datetime | None) -> str:
    """Seconds since 1970, or an empty text."""
    return "" if at is None else f"{at.timestamp():.6f}"
