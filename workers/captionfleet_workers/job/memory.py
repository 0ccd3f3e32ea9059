"""The same audio twice: under which key a caption is remembered, and which one is worth it."""

import hashlib
import json
from dataclasses import asdict, replace

from captionfleet_ledger import CaptionMemo, RememberedCaption
from captionfleet_schemas import CaptionJob, CaptionResult
from captionfleet_schemas.catalogue import ModelCard
from captionfleet_schemas.parts import part_of, whole_of
from captionfleet_workers.fit.policy import FitPlan
from captionfleet_workers.fit.steps import richest
from captionfleet_workers.media.facts import Inspection, Slice, Target

DAY = 86_400.0
GOOD = "stop"
"""The reason for which an answer ends that the model has brought to its end."""


def caption_key(  # noqa: PLR0913  everything that makes a caption another one, by name
    job: CaptionJob,
    card: ModelCard,
    inspection: Inspection,
    fit: FitPlan,
    *,
    model_at: str,
    part: Slice | None = None,
) -> str | None:
    """What a caption of this audio is remembered under, or None where the job does not want it.

    Everything goes in that makes the caption another one: whose it is, the decoded samples, the model and where it
    answers, the prompt, and what had to be given up for the model's limits. Container, codec and route do not: they
    carry the same sound. `part` is the stretch that a part of long audio describes.
    """
    if job.cache is False or not inspection.samples_sha256 or (part_of(job.id) and part is None):
        return None
    heard = {
        "samples": inspection.samples_sha256,
        "part": asdict(part) if part else None,
        "model": card.name,
        "model_at": model_at,
        "prompt": job.prompt,
        "reduced_to": _reduced_to(inspection, fit, card),
    }
    digest = hashlib.sha256(json.dumps(heard, sort_keys=True).encode()).hexdigest()
    return f"{job.tenant}:{digest}"


def memo_of(job: CaptionJob, outcome: CaptionResult, key: str | None, *, days: float) -> CaptionMemo | None:
    """What to remember of an answered job: a caption that came to its end and raises no doubt, if it may be stored."""
    good = outcome.finish_reason == GOOD and not outcome.quality and outcome.cached_from is None
    if key is None or outcome.caption is None or not good or job.store_days == 0:
        return None
    return CaptionMemo(key, RememberedCaption(whole_of(outcome.job_id), outcome.caption), days * DAY)


def _reduced_to(inspection: Inspection, fit: FitPlan, card: ModelCard) -> dict[str, object] | None:
    """The copy that the model gets, where its length has cost it something; the best copy counts as the original."""
    if fit.transcode is None or fit.transcode == _best(inspection, card):
        return None
    return asdict(fit.transcode)


def _best(inspection: Inspection, card: ModelCard) -> Target | None:
    return richest(replace(inspection, seconds=0.0), card.limits.max_inline_chars)
