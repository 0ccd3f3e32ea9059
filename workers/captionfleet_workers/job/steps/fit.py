"""Makes the audio fit the model's limits."""

from captionfleet_workers.fit.decide import plan
from captionfleet_workers.fit.policy import FitPolicy
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.media.transcode import transcode
from captionfleet_workers.model.port import AudioFile, AudioUrl


def fit(attempt: Attempt, fleet: Fleet) -> None:
    """Choose the route that loses least, and transcode where it asks for that."""
    assert attempt.fetched is not None
    assert attempt.inspection is not None
    attempt.fit = plan(attempt.inspection, attempt.fetched, attempt.card, _policy(attempt, fleet))
    attempt.audio = _audio(attempt, fleet)


def _policy(attempt: Attempt, fleet: Fleet) -> FitPolicy:
    settings = fleet.settings
    return FitPolicy(
        pass_urls=settings.pass_urls,
        pass_private_urls=settings.pass_private_urls,
        allow_silence=settings.audio_allow_silence,
        avoid_routes=frozenset(attempt.progress.avoid_routes),
    )


def _audio(attempt: Attempt, fleet: Fleet) -> AudioUrl | AudioFile:
    assert attempt.fit is not None
    assert attempt.fetched is not None
    if attempt.fit.send_url is not None:
        return AudioUrl(attempt.fit.send_url)
    if attempt.fit.transcode is None:
        return AudioFile(attempt.fetched.path, attempt.fetched.bytes)
    attempt.transcoded, encoded = transcode(
        attempt.fetched.path, into=fleet.spool, target=attempt.fit.transcode, children=fleet.media
    )
    return AudioFile(attempt.transcoded, encoded.bytes)
