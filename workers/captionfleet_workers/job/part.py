"""One part of audio that is captioned in parts: what the worker that cut it tells the worker that captions it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from pydantic import TypeAdapter

from captionfleet_schemas import FailureCode
from captionfleet_schemas.parts import part_id
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.media.facts import Inspection, Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a file. Numbers of samples and seconds count over the whole file, also for a part of a part."""

    slice: Slice
    sha256: str
    """Of the file: another one would be cut elsewhere."""
    whole: Inspection
    """What was found in the whole file."""

    @property
    def start(self) -> float:
        """Where it begins, in seconds."""
        return self._seconds(self.slice.start)

    @property
    def end(self) -> float:
        """Where it ends and the next one begins, in seconds."""
        return self._seconds(self.slice.end)

    @property
    def inspection(self) -> Inspection:
        """What is known of the part itself; whether it is silent shows when it is transcoded."""
        samples = self.slice.end - self.slice.start
        return replace(self.whole, samples=samples, seconds=self.whole.seconds * samples / self.whole.samples)

    def encode(self) -> str:
        """Compact JSON."""
        return _ADAPTER.dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def decode(cls, raw: str) -> Self:
        """Read what `encode` wrote.

        Raises:
            pydantic.ValidationError: `raw` is something else.
        """
        return _ADAPTER.validate_json(raw)  # type: ignore[return-value]  # cls is Part

    def _seconds(self, sample: int) -> float:
        return round(self.whole.seconds * sample / self.whole.samples, 3)


_ADAPTER = TypeAdapter(Part)


def named(job_id: str, parts: Iterable[Part]) -> dict[str, str]:
    """The parts of a job as the ledger keeps them, by their ids.

    Raises:
        PermanentError: `audio_too_long`, as the job's id leaves no room for the numbers of its parts.
    """
    try:
        return {part_id(job_id, number): part.encode() for number, part in enumerate(parts, start=1)}
    except ValueError as error:
        raise PermanentError(FailureCode.AUDIO_TOO_LONG, str(error)) from error
