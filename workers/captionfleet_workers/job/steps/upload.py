"""Brings audio to the model's own storage, where the plan says so."""

from dataclasses import replace

import structlog

from captionfleet_schemas import Route
from captionfleet_workers.accounts import Account
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.model.port import AudioUpload
from captionfleet_workers.model.uploads import KEPT_SECONDS, no_storage
from captionfleet_workers.progress import Upload

log = structlog.get_logger()

MARGIN_SECONDS = 3600.0
"""An upload this close to its end is made anew: the call still has to be waited for."""


def upload(attempt: Attempt, fleet: Fleet) -> None:
    """Upload the file as it is, unless an earlier try of this job has and that is still there.

    Raises:
        ModelCallError: the model's storage did not take it.
    """
    assert attempt.fit is not None
    if attempt.fit.plan.route is not Route.UPLOAD:
        return
    known = attempt.progress.upload
    if known is None or not _is_still_there(known, attempt, fleet):
        known = _uploaded(attempt, fleet)
        attempt.progress = replace(attempt.progress, upload=known)
    attempt.account = fleet.accounts[known.account]
    attempt.audio = AudioUpload(known.url)


def _is_still_there(known: Upload, attempt: Attempt, fleet: Fleet) -> bool:
    assert attempt.fetched is not None
    same = (known.sha256, known.model) == (attempt.fetched.sha256, attempt.card.name)
    usable = known.account in fleet.accounts.names and known.account not in fleet.faults.of(attempt.card.name)
    return same and usable and fleet.clock() < known.expires_at - MARGIN_SECONDS


def _uploaded(attempt: Attempt, fleet: Fleet) -> Upload:
    assert attempt.fetched is not None
    attempt.account = _with_storage(attempt, fleet)
    assert attempt.account.uploads is not None
    began = fleet.clock()
    url = attempt.account.uploads.upload(
        attempt.fetched.path, model=attempt.card.name, timeout=_timeout(attempt, fleet), check=attempt.check
    )
    log.info("audio.uploaded", bytes=attempt.fetched.bytes)
    return Upload(
        url=url,
        sha256=attempt.fetched.sha256,
        model=attempt.card.name,
        expires_at=began + KEPT_SECONDS,
        account=attempt.account.name,
    )


def _with_storage(attempt: Attempt, fleet: Fleet) -> Account:
    """An account that is in order and can keep the audio; several take turns by their weights."""
    faults = fleet.faults.of(attempt.card.name)
    able = [account for account in fleet.accounts if account.uploads and account.name not in faults]
    if not able:
        raise no_storage("No account that is in order has a storage.")
    weights = [account.terms.weight for account in able]
    return fleet.random.choices(able, weights if any(weights) else None)[0]


def _timeout(attempt: Attempt, fleet: Fleet) -> float:
    allowed = fleet.settings.audio_fetch_timeout
    return allowed if attempt.deadline is None else max(0.1, min(allowed, attempt.deadline - fleet.clock()))
