"""Times on both sides of the ledger."""

from datetime import UTC, datetime, timedelta, timezone

from captionfleet_ledger.moments import moment, optional_moment, stamp


def test_a_time_survives_the_ledger() -> None:
    """To the microsecond, whatever its zone."""
    times = [datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=zone) for zone in (UTC, timezone(timedelta(hours=-8)))]

    assert [moment(stamp(time)) for time in times] == times


def test_a_time_that_is_not_set() -> None:
    """It is empty there and None here."""
    assert (stamp(None), optional_moment(None)) == ("", None)
