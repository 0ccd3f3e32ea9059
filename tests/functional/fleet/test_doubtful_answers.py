"""Answers that look like captions and are none, or poor ones: what a job makes of them."""

import pytest

from captionfleet_schemas import CaptionResult, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet

pytestmark = pytest.mark.usefixtures("worker")

READING = AUDIO / "clips" / "reading.wav"


def caption(fleet: Fleet, *, stream: bool = False, of: str) -> CaptionResult:
    """The result of one job that succeeds; `of` makes it another job than its neighbours."""
    job = fleet.client.submit(READING, stream=stream, metadata={"of": of})
    result = fleet.finish(job.id)
    assert result.state is JobState.SUCCEEDED, result
    return result


def test_cut_stream_is_never_stored(fleet: Fleet) -> None:
    """What a stream brought before it broke off is thrown away; the next call brings the whole caption."""
    whole = caption(fleet, of="nothing wrong")
    fleet.emulator.fault(cut_stream_after=3, times=1)

    result = caption(fleet, stream=True, of="a cut")

    assert (result.caption, result.finish_reason, result.quality) == (whole.caption, "stop", ())
    assert result.model_calls == 2
    assert [call["code"] for call in fleet.calls()[-2:]] == ["cut", ""]


def test_empty_caption_is_asked_for_again(fleet: Fleet) -> None:
    """Nothing is no caption."""
    fleet.emulator.fault(empty_caption=True, times=1)

    result = caption(fleet, of="nothing")

    assert result.caption
    assert result.model_calls == 2


@pytest.mark.parametrize(
    ("fault", "flag"),
    [
        ({"finish_reason": "length"}, "truncated"),
        ({"caption": "And then there is a knock on the left side. " * 8}, "repetitive"),
        ({"caption": "房间里有一个男人在说话而左边有敲击声"}, "not_english"),
    ],
    ids=["length", "a loop", "Chinese"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_poor_caption_says_so(fleet: Fleet, fault: dict[str, str], flag: str, *, stream: bool) -> None:
    """It was paid for and is handed over, with a flag."""
    fleet.emulator.fault(**fault)

    result = caption(fleet, stream=stream, of=f"{flag} {stream}")

    assert result.quality == (flag,)
    assert result.model_calls == 1


@pytest.mark.parametrize("clip", sorted(path.name for path in (AUDIO / "clips").iterdir() if path.stem != "silence"))
def test_honest_captions_raise_no_doubt(fleet: Fleet, clip: str) -> None:
    """What the emulator says of real clips is flagged by nothing."""
    job = fleet.client.submit(AUDIO / "clips" / clip)

    assert fleet.finish(job.id).quality == ()
