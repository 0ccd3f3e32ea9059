"""Makes the form of the audio that the plan asks for."""

from pathlib import Path

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.room import check_room
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.media.facts import Target
from captionfleet_workers.media.transcode import transcode as encode
from captionfleet_workers.model.port import AudioFile, AudioUrl


def transcode(attempt: Attempt, fleet: Fleet) -> None:
    """Write the MP3 of the plan, where it has one; else the URL or the file goes as it is.

    Raises:
        PermanentError: `audio_empty`, a part of the audio is silent; and all that `media.transcode` raises.
        NoRoomError, MachineError: the disk has no room for it.
    """
    attempt.audio = _audio(attempt, fleet)


def _audio(attempt: Attempt, fleet: Fleet) -> AudioUrl | AudioFile:
    assert attempt.fit is not None
    assert attempt.fetched is not None
    if attempt.fit.send_url is not None:
        return AudioUrl(attempt.fit.send_url)
    if attempt.fit.transcode is None:
        return AudioFile(attempt.fetched.path, attempt.fetched.bytes)
    return _encoded(attempt, fleet, attempt.fetched.path, attempt.fit.transcode)


def _encoded(attempt: Attempt, fleet: Fleet, source: Path, target: Target) -> AudioFile:
    attempt.discard_transcoded()
    part = attempt.part.slice if attempt.part else None
    check_room(fleet.spool, _expected_bytes(attempt, target), fleet.fetching.min_free_bytes)
    enter = attempt.part is not None and attempt.part.whole.enterable
    attempt.transcoded, encoded = encode(
        source, into=fleet.spool, target=target, children=fleet.media, part=part, enter=enter, asker=attempt.asker
    )
    if encoded.silent and not fleet.settings.audio_allow_silence:
        raise PermanentError(FailureCode.AUDIO_EMPTY, "this part of the audio is digital silence")
    return AudioFile(attempt.transcoded, encoded.bytes)


def _expected_bytes(attempt: Attempt, target: Target) -> int:
    assert attempt.inspection is not None
    part = attempt.part.slice if attempt.part else None
    seconds = (part.end - part.start) / attempt.inspection.sample_rate if part else attempt.inspection.seconds
    return int(target.bit_rate / 8 * seconds)
