"""Finds out what the file really is."""

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.media import inspect as media


def inspect(attempt: Attempt, fleet: Fleet) -> None:
    """Decode the whole file in a child process, unless an earlier try of this attempt did."""
    if attempt.inspection is None:
        assert attempt.fetched is not None
        attempt.inspection = media.inspect(attempt.fetched.path, children=fleet.media)
