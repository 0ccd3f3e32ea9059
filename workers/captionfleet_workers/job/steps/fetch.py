"""Brings the audio to the local disk."""

from captionfleet_workers import fetch as audio
from captionfleet_workers.fetch import Reference
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet


def fetch(attempt: Attempt, fleet: Fleet) -> None:
    """Fetch the audio reference, unless an earlier try of this attempt did."""
    if attempt.fetched is None:
        said = attempt.job.audio
        reference = Reference(url=said.url, headers=said.headers or {})
        attempt.fetched = audio.fetch(reference, into=fleet.spool, policy=fleet.fetching, client=fleet.http)
