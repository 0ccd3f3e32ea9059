"""When two pieces of audio are the same to the fleet, and which answers it remembers."""

from dataclasses import replace
from typing import Any

import pytest

from captionfleet_schemas import AudioReference, CaptionJob, CaptionResult, Plan, Route
from captionfleet_schemas.catalogue import CAPTIONER, OMNI, model_card
from captionfleet_workers.fit.policy import FitPlan
from captionfleet_workers.fit.steps import richest
from captionfleet_workers.job import result
from captionfleet_workers.job.memory import caption_key, memo_of
from captionfleet_workers.media.facts import Inspection, Slice
from tests.unit.workers.making import make_answered, make_inspection

HERE = "https://model.example/v1"
SHORT = make_inspection(samples_sha256="ab" * 32)
LONG = replace(SHORT, seconds=2400.0)
PLAN = Plan(route=Route.INLINE, container="wav", codec="pcm", channels=2, sample_rate=44_100, why=())
KEY = "default:key"


def job(**fields: Any) -> CaptionJob:
    """A job."""
    return CaptionJob(id="job-1", audio=AudioReference(url="https://example.com/a.wav"), **fields)


def unchanged() -> FitPlan:
    """The file goes as it is."""
    return FitPlan(plan=PLAN)


def transcoded(inspection: Inspection) -> FitPlan:
    """The file goes as the richest MP3 that fits."""
    return FitPlan(plan=PLAN, transcode=richest(inspection, model_card(CAPTIONER).limits.max_inline_chars))


def key(asked: CaptionJob | None = None, heard: Inspection = SHORT, fit: FitPlan | None = None) -> str | None:
    """The key of a job."""
    asked = asked or job()
    return caption_key(asked, model_card(asked.model_name), heard, fit or unchanged(), model_at=HERE)


def test_the_best_copy_counts_as_the_original() -> None:
    """A WAV that goes as it is and its FLAC that has to be transcoded share a caption."""
    as_wav = key(heard=replace(SHORT, container="wav", codec="pcm"))

    assert as_wav == key(heard=SHORT, fit=transcoded(SHORT))
    assert as_wav is not None


def test_a_copy_that_lost_something_for_its_length_is_another_sound() -> None:
    """Forty minutes in mono do not answer for the stereo original."""
    assert key(heard=LONG, fit=transcoded(LONG)) != key(heard=LONG)


OTHERS: dict[str, str | None] = {
    "tenant": key(job(tenant="radio")),
    "prompt": key(job(prompt="Who speaks?")),
    "another prompt": key(job(prompt="Where is it?")),
    "model": key(job(model=OMNI)),
    "samples": key(heard=replace(SHORT, samples_sha256="cd" * 32)),
    "model's address": caption_key(job(), model_card(CAPTIONER), SHORT, unchanged(), model_at="https://other.example"),
}


def test_what_makes_another_caption_makes_another_key() -> None:
    """The tenant, the prompt, the model, where it answers, and the audio itself."""
    assert len({key(), *OTHERS.values()}) == len(OTHERS) + 1


def test_each_part_of_long_audio_is_another_sound() -> None:
    """Its samples are known by the whole file and the stretch; without the stretch nothing is remembered of it."""
    part = job().model_copy(update={"id": "job-1..2"})

    keys = [
        caption_key(part, model_card(CAPTIONER), LONG, unchanged(), model_at=HERE, part=stretch)
        for stretch in (Slice(0, 100), Slice(100, 200), None)
    ]

    assert len({*keys, key(heard=LONG)}) == 4
    assert keys[-1] is None


def test_what_makes_no_difference_makes_none() -> None:
    """Neither metadata nor lane nor streaming change what the model hears and says."""
    assert key(job(metadata={"show": "42"}, lane="bulk", stream=True, store_days=3)) == key()


@pytest.mark.parametrize("asked", [job(cache=False)])
def test_a_job_may_want_no_memory(asked: CaptionJob) -> None:
    """Then nothing is looked up and nothing remembered."""
    assert key(asked) is None


def answered(**answer: Any) -> CaptionResult:
    """The result of an answered call."""
    return result.succeeded(make_answered(**answer), region="singapore", now=0.0)


def test_a_good_answer_is_remembered_for_its_days() -> None:
    """With the job that has paid for it."""
    memo = memo_of(job(), answered(), KEY, days=0.5)

    assert memo is not None
    assert (memo.key, memo.seconds) == (KEY, 43_200.0)
    assert (memo.remembered.job_id, memo.remembered.caption) == ("job-1", "A crow calls twice.")


def test_a_part_is_remembered_under_its_whole_job() -> None:
    """Parts are nobody's business outside."""
    memo = memo_of(job(), answered().model_copy(update={"job_id": "job-1..3"}), KEY, days=1)

    assert memo is not None
    assert memo.remembered.job_id == "job-1"


@pytest.mark.parametrize(
    ("asked", "outcome", "where"),
    [
        (job(store_days=0), answered(), KEY),
        (job(), answered(), None),
        (job(), answered(finish_reason="length", quality=("truncated",)), KEY),
        (job(), answered(usage=None, quality=("usage_missing",)), KEY),
        (job(), answered(inspection=make_inspection(damaged=True)), KEY),
        (job(), answered().model_copy(update={"cached_from": "job-0"}), KEY),
    ],
    ids=["may not be stored", "no key", "truncated", "no usage", "damaged", "is remembered"],
)
def test_what_is_not_remembered(asked: CaptionJob, outcome: CaptionResult, where: str | None) -> None:
    """Whatever its user does not want to be kept, or should be read with care."""
    assert memo_of(asked, outcome, where, days=7) is None
