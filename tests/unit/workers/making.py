"""Attempts at jobs, as the steps of a worker leave them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from captionfleet_ledger import Claim, Lease
from captionfleet_schemas import AudioReference, CaptionJob, Plan, Route, Usage
from captionfleet_schemas.catalogue import CAPTIONER, model_card
from captionfleet_workers.accounts import Account
from captionfleet_workers.fetch import Fetched
from captionfleet_workers.fit.policy import FitPlan
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.leases import Held
from captionfleet_workers.media.facts import Inspection
from captionfleet_workers.model.port import Answer, ModelPort
from captionfleet_workers.model_accounts import ModelAccount
from captionfleet_workers.progress import Progress
from captionfleet_workers.shutdown import Shutdown

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def make_inspection(**fields: Any) -> Inspection:
    """What was heard in a stereo FLAC of twelve seconds."""
    usual: dict[str, Any] = {
        "container": "flac",
        "codec": "flac",
        "channels": 2,
        "sample_rate": 44_100,
        "seconds": 12.16004,
        "peak_dbfs": -1.5,
    }
    return Inspection(**{**usual, **fields})


def make_claim(**fields: Any) -> Claim:
    """A job in its second attempt."""
    job = CaptionJob(id="job-1", audio=AudioReference(url="https://example.com/a.flac"), **fields)
    return Claim(Lease("job-1", "token"), job, 2, 0, "", accepted_at=NOON, started_at=NOON, lease_until=NOON)


def make_account(**terms: Any) -> Account:
    """An account that nothing is called on."""
    return Account(ModelAccount(**terms), cast("ModelPort", None), None)


def make_attempt(claim: Claim | None = None, model: str = CAPTIONER) -> Attempt:
    """An attempt that has not begun."""
    claim = claim or make_claim()
    return Attempt(
        claim=claim,
        held=Held(claim),
        card=model_card(model),
        account=make_account(),
        shutdown=Shutdown(),
        progress=Progress(model_calls=3),
    )


def make_answered(model: str = CAPTIONER, inspection: Inspection | None = None, **answer: Any) -> Attempt:
    """An attempt in which every step has done its work."""
    attempt = make_attempt(make_claim(tenant="acme", metadata={"show": "42"}), model)
    attempt.fetched = Fetched(path=Path("a.flac"), bytes=1234, sha256="ab" * 32)
    attempt.inspection = inspection or make_inspection()
    plan = Plan(route=Route.INLINE, container="flac", codec="flac", channels=2, sample_rate=44_100, why=())
    attempt.fit = FitPlan(plan=plan)
    attempt.seconds = {"fetch": 0.123456, "call": 4.0}
    usual: dict[str, Any] = {
        "caption": "A crow calls twice.",
        "finish_reason": "stop",
        "usage": Usage(input_tokens=160, output_tokens=387),
        "request_id": "request-1",
        "model": model,
        "quality": (),
    }
    attempt.answer = Answer(**{**usual, **answer})
    return attempt
