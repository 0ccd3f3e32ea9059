"""Plans how the audio is made to fit the model's limits."""

from captionfleet_workers.fit.decide import plan
from captionfleet_workers.fit.policy import FitPolicy
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet


def fit(attempt: Attempt, fleet: Fleet) -> None:
    """Choose the route that loses least."""
    assert attempt.fetched is not None
    assert attempt.inspection is not None
    attempt.fit = plan(attempt.inspection, attempt.fetched, attempt.card, _policy(attempt, fleet))


def _policy(attempt: Attempt, fleet: Fleet) -> FitPolicy:
    settings = fleet.settings
    return FitPolicy(
        pass_urls=settings.pass_urls,
        # Which account is called shows later: an address goes out where each of them may have it.
        takes_addresses=all(account.terms.takes_addresses for account in fleet.accounts),
        pass_private_urls=settings.pass_private_urls,
        may_upload=any(account.uploads for account in fleet.accounts),
        allow_silence=settings.audio_allow_silence,
        max_seconds=settings.model_max_seconds,
        learned_seconds=fleet.lengths.of(attempt.card.name),
        timeline=attempt.job.timeline,
        only_a_part=attempt.part is not None,
        avoid_routes=frozenset(attempt.progress.avoid_routes),
    )
