"""How long an answer takes."""

from dataclasses import dataclass

from captionfleet_emulator.model.answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds from the arrival of a request to the end of its answer; work that takes longer takes longer."""

    base: float = 0.0
    per_audio_second: float = 0.0
    per_output_token: float = 0.0

    def seconds(self, answer: Answer) -> float:
        """The least time that this answer takes."""
        return self.base + self.per_audio_second * answer.seconds + self.per_output_token * len(answer.pieces)
