"""Cuts audio that one call does not carry."""

from dataclasses import replace

from captionfleet_workers.errors import InPartsError
from captionfleet_workers.job import result
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.part import Part, named
from captionfleet_workers.media import cut as media
from captionfleet_workers.media.facts import Slice


def cut(attempt: Attempt, fleet: Fleet) -> None:
    """Find the parts of audio that takes several calls; audio that takes one is left alone.

    Raises:
        InPartsError: the job has to wait for its parts.
        PermanentError: the file cannot be decoded, or the job's id is too long for parts.
    """
    assert attempt.fit is not None
    if attempt.fit.plan.parts == 1:
        return
    slices = _slices(attempt, fleet)
    plan = attempt.fit.plan.model_copy(update={"parts": len(slices)})
    attempt.progress = replace(attempt.progress, audio=result.audio_of(attempt), plan=plan)
    raise InPartsError(named(attempt.job.id, [_part(attempt, one) for one in slices]))


def _slices(attempt: Attempt, fleet: Fleet) -> tuple[Slice, ...]:
    assert attempt.fit is not None
    assert attempt.fetched is not None
    return media.cut(
        attempt.fetched.path,
        parts=attempt.fit.plan.parts,
        longest=attempt.fit.longest,
        children=fleet.media,
        within=attempt.part.slice if attempt.part else None,
        enter=attempt.part is not None and attempt.part.whole.enterable,
        asker=attempt.asker,
    )


def _part(attempt: Attempt, stretch: Slice) -> Part:
    assert attempt.fetched is not None
    assert attempt.inspection is not None
    whole = attempt.part.whole if attempt.part else attempt.inspection
    return Part(slice=stretch, sha256=attempt.fetched.sha256, whole=whole)
