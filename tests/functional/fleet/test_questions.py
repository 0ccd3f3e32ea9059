import pytest

from captionfleet_schemas import JobState
from captionfleet_schemas.catalogue import OMNI
from tests.functional.fleet.fleet import AUDIO, Fleet

READING = AUDIO / "clips" / "reading.wav"


@pytest.mark.usefixtures("worker")
def test_other_model_s_limit_leaves_captions_alone(fleet: Fleet) -> None:
    """The model for questions has limits of its own: while it is refused, captions are made."""
    fleet.emulator.fault(status=429, code="limit_requests", model=OMNI)

    question = fleet.client.submit(READING, prompt="Who is speaking?")
    caption = fleet.finish(fleet.client.submit(READING).id)

    assert caption.state is JobState.SUCCEEDED
    fleet.wait_for_state(question.id, JobState.WAITING)
    fleet.client.cancel(question.id)
