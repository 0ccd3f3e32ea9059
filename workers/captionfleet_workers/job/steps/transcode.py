"""Makes the form of the audio that the plan asks for."""

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.media.transcode import transcode as encode
from captionfleet_workers.model.port import AudioFile, AudioUrl


def transcode(attempt: Attempt, fleet: Fleet) -> None:
    """Write the MP3 of the plan, where it has one; else the URL or the file goes as it is."""
    attempt.audio = _audio(attempt, fleet)


def _audio(attempt: Attempt, fleet: Fleet) -> AudioUrl | AudioFile:
    assert attempt.fit is not None
    assert attempt.fetched is not None
    if attempt.fit.send_url is not None:
        return AudioUrl(attempt.fit.send_url)
    if attempt.fit.transcode is None:
        return AudioFile(attempt.fetched.path, attempt.fetched.bytes)
    attempt.transcoded, encoded = encode(
        attempt.fetched.path, into=fleet.spool, target=attempt.fit.transcode, children=fleet.media
    )
    return AudioFile(attempt.transcoded, encoded.bytes)
