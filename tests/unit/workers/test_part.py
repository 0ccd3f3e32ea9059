"""A part of long audio, before anything is done about it."""

from pathlib import Path
from typing import Any, cast

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import Fetched
from captionfleet_workers.job.part import Part, named
from captionfleet_workers.job.steps.fetch import fetch
from captionfleet_workers.media.facts import Slice
from tests.unit.workers.making import make_attempt, make_inspection

PART = Part(slice=Slice(0, 100), sha256="first", whole=make_inspection(samples=200, seconds=20.0))


def test_parts_are_numbered_from_one() -> None:
    """Under the id of their job."""
    assert list(named("show", [PART, PART])) == ["show..1", "show..2"]


def test_an_id_without_room() -> None:
    """Says so in words for the job's owner."""
    with pytest.raises(PermanentError, match="needs a shorter id") as raised:
        named("x" * 127, [PART])

    assert raised.value.code is FailureCode.AUDIO_TOO_LONG


def test_audio_that_has_changed() -> None:
    """The part of another file is not captioned in its place."""
    attempt = make_attempt()
    attempt.part = PART
    attempt.fetched = Fetched(path=Path("a"), bytes=1, sha256="second")

    with pytest.raises(PermanentError, match="has changed") as raised:
        fetch(attempt, cast("Any", None))

    assert raised.value.code is FailureCode.AUDIO_DAMAGED
