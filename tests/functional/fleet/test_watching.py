"""Watching a job while the model writes its caption."""

import pytest

from captionfleet_producers import BeganAnew, CaptionPiece, StateChanged
from captionfleet_schemas import CaptionResult, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet

pytestmark = pytest.mark.usefixtures("worker")

READING = AUDIO / "clips" / "reading.wav"
SLOW = {"bytes_per_second": 4000, "caption": "A dog barks twice, not far from a busy road."}


def test_a_caption_is_heard_while_it_is_written(fleet: Fleet) -> None:
    """What a cut stream had said is void, the next call is heard from its beginning, and a late listener hears all."""
    fleet.emulator.fault(**SLOW, cut_stream_after=3, times=1)
    fleet.emulator.fault(**SLOW)
    job = fleet.client.submit(READING, stream=True)

    seen, working = [], 0
    for value in fleet.client.watch(job.id, timeout=60):
        seen.append(value)
        record = fleet.client.get(job.id)
        working += isinstance(value, CaptionPiece) and record is not None and record.state is JobState.RUNNING

    heard = [value for value in seen if not isinstance(value, StateChanged)]
    anew = heard.index(BeganAnew())
    cut, whole = (
        "".join(value.text for value in some if isinstance(value, CaptionPiece))
        for some in (heard[:anew], heard[anew:])
    )
    result = heard[-1]
    assert isinstance(result, CaptionResult)
    assert (result.caption, result.model_calls) == (SLOW["caption"], 2)
    assert whole == result.caption
    assert whole.startswith(cut)
    assert 0 < len(cut) < len(whole)
    assert working
    assert StateChanged(state=JobState.RUNNING) in seen
    assert list(fleet.client.watch(job.id, timeout=0)) == heard
