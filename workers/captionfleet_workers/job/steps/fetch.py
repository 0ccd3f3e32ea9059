"""Brings the audio to the local disk."""

from math import inf

from captionfleet_schemas import FailureCode
from captionfleet_workers import fetch as audio
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import Reference
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.outbound.deadline import deadline


def fetch(attempt: Attempt, fleet: Fleet) -> None:
    """Fetch the audio reference, unless an earlier try of this attempt did.

    Raises:
        SlowOriginError: others need the slot.
        PermanentError: `audio_damaged`, as it is another file than the one whose part is asked for; and all that
            `fetch.fetch` raises.
    """
    if attempt.fetched is None:
        said = attempt.job.audio
        reference = Reference(url=said.url, headers=said.headers or {})
        with fleet.downloads.one(attempt.group) as give_way, deadline(inf, lambda: attempt.check() or give_way()):
            attempt.fetched = audio.fetch(reference, into=fleet.spool, policy=fleet.fetching, client=fleet.http)
    if attempt.part and attempt.part.sha256 != attempt.fetched.sha256:
        raise PermanentError(FailureCode.AUDIO_DAMAGED, "the audio has changed since it was cut into parts")
