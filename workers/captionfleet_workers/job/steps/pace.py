"""Waits for a permit: the whole fleet shares the account's requests and tokens."""

from captionfleet_ledger import Permit
from captionfleet_schemas.cost import estimate
from captionfleet_workers.errors import ThrottledError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet

HOLD_SECONDS = 5.0
"""A permit is taken only when it can be used within this time, so that none is held by a job that waits for long."""

LONGEST_WAIT_SECONDS = 120.0
"""Wait in the slot up to this long in all; the job then goes back to the ledger."""

FREE = Permit(granted=True, wait=0.0)


def pace(attempt: Attempt, fleet: Fleet) -> None:
    """Sleep until this call may be made.

    Raises:
        ThrottledError: it would take longer than a slot is worth.
        PausedError: calls have been stopped since the job was claimed.
    """
    waited = 0.0
    while True:
        fleet.pauses.check(attempt)
        permit = _ask(attempt, fleet)
        if not permit.granted and waited + permit.wait > LONGEST_WAIT_SECONDS:
            raise ThrottledError(permit.reason or "the fleet's limits are used up", retry_after=permit.wait)
        # Those who were refused come back at slightly different times, or they would all ask again at once.
        wait = permit.wait if permit.granted else permit.wait * fleet.random.uniform(1, 1.1)
        attempt.rest(wait)
        if permit.granted:
            return
        waited += wait


def _ask(attempt: Attempt, fleet: Fleet) -> Permit:
    if not (fleet.settings.model_rpm or fleet.settings.model_tpm):
        cooling = fleet.cool_downs.of(attempt.card.name)
        return Permit(granted=False, wait=cooling.seconds, reason=cooling.reason) if cooling else FREE
    assert attempt.inspection is not None
    expected = estimate(attempt.card, attempt.inspection.seconds)
    return fleet.ledger.pace.acquire(
        attempt.card.name,
        tokens=expected.input_tokens + expected.output_tokens,
        requests_per_second=fleet.settings.model_rpm / 60,
        tokens_per_second=fleet.settings.model_tpm / 60,
        hold=HOLD_SECONDS,
    )
