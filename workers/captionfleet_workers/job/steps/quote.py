"""Says what a caption would cost instead of asking for it."""

from captionfleet_workers import policies
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.quoting import quote_of


def quote(attempt: Attempt, fleet: Fleet) -> None:
    """Work out the calls, tokens and prices of the plan."""
    assert attempt.inspection is not None
    assert attempt.fit is not None
    terms = policies.quote_terms(fleet.settings, fleet.accounts, attempt.card)
    attempt.quote = quote_of(attempt.card, attempt.inspection.seconds, terms, calls=attempt.fit.plan.parts)
