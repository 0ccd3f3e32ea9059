from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

LONGEST_SECONDS = 7 * 86_400.0


def retry_after(response: httpx2.Response, now: datetime) -> float | None:
    """Seconds that the other side asks to wait, from a number or a date (RFC 9110, 10.2.3), at most a week."""
    return None if (wait := _seconds(response, now)) is None else min(wait, LONGEST_SECONDS)


def _seconds(response: httpx2.Response, now: datetime) -> float | None:
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
