"""Finds out what the file really is."""

from captionfleet_workers.fetch import Fetched
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.media import inspect as media
from captionfleet_workers.media.facts import Inspection


def inspect(attempt: Attempt, fleet: Fleet) -> None:
    """Decode the whole file in a child process, unless its content is known already: from before, or from its cut."""
    assert attempt.fetched is not None
    if attempt.part is not None:
        attempt.inspection = attempt.part.inspection
        return
    attempt.inspection = fleet.known_audio.get(attempt.fetched.sha256) or _look(attempt.fetched, attempt, fleet)


def _look(fetched: Fetched, attempt: Attempt, fleet: Fleet) -> Inspection:
    inspection = media.inspect(fetched.path, children=fleet.media, asker=attempt.asker)
    fleet.known_audio.add(fetched.sha256, inspection)
    return inspection
