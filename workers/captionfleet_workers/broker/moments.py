"""When a message is to be worked on, and until when, as its sender has said it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from captionfleet_workers.errors import UnreadableMessageError

FARTHEST_SECONDS = 366 * 86_400.0
"""A job is kept until its time comes. Whoever asks for a later one than that has mistaken the year."""


def not_before(fields: Mapping[str, object], now: float) -> float | None:
    """The moment from which on the message may be worked on, in seconds since 1970; None is at once.

    Args:
        fields: the message's headers, or what takes their place; `eta` is an ISO 8601 moment.
        now: seconds since 1970.

    Raises:
        UnreadableMessageError: `eta` is no moment, or one that is too far away.
    """
    eta = _moment(fields, "eta")
    if eta is None or eta <= now:
        return None
    if eta - now > FARTHEST_SECONDS:
        raise UnreadableMessageError(f"its eta is more than a year away, at {str(fields['eta'])[:40]!r}")
    return eta


def check_expiry(fields: Mapping[str, object], now: float) -> None:
    """Return while the message is still wanted.

    Raises:
        UnreadableMessageError: the moment in `expires` has passed, or is none.
    """
    expires = _moment(fields, "expires")
    if expires is not None and expires <= now:
        raise UnreadableMessageError(f"the message expired before a worker took it, at {str(fields['expires'])[:40]!r}")


def _moment(fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if not value:
        return None
    if isinstance(value, datetime):
        return _seconds(value)
    if not isinstance(value, str):
        raise UnreadableMessageError(f"its {name} is no ISO 8601 moment, and no text at all")
    try:
        return _seconds(datetime.fromisoformat(value.strip()))
    except (ValueError, OverflowError):
        raise UnreadableMessageError(f"its {name} is no ISO 8601 moment: {value[:40]!r}") from None


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
