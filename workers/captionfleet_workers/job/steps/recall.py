"""Looks whether the fleet has described the same audio before."""

import structlog

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.memory import caption_key

log = structlog.get_logger()


def recall(attempt: Attempt, fleet: Fleet) -> None:
    """Ask the ledger for a caption of the same samples, unless the job or the fleet wants none."""
    assert attempt.inspection is not None
    assert attempt.fit is not None
    # Audio in parts is remembered part by part.
    if not fleet.settings.cache_days or attempt.fit.plan.parts > 1:
        return
    attempt.caption_key = caption_key(
        attempt.job,
        attempt.card,
        attempt.inspection,
        attempt.fit,
        model_at=fleet.accounts.first.terms.base_url,
        part=attempt.part.slice if attempt.part else None,
    )
    if attempt.caption_key is None:
        return
    attempt.remembered = fleet.ledger.captions.recall(attempt.caption_key)
    if attempt.remembered is not None:
        log.info("job.cached", cached_from=attempt.remembered.job_id)
