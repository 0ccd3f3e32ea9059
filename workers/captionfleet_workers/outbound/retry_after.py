from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2


def retry_after(response: httpx2.Response, now: datetime) -> float | None:
    """Seconds that the other side asks to wait, from a number or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
