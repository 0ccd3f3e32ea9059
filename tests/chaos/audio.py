"""Audio for a chaos run: short, and each one different, so that nobody can answer from memory."""

import base64
import hashlib
import io
import wave
from dataclasses import dataclass

import numpy as np

RATE = 8000
SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that is captioned as it stands, so that the model's log names it by the hash that is known here."""

    data: bytes

    @property
    def url(self) -> str:
        """Its `data:` address."""
        return f"data:audio/wav;base64,{base64.b64encode(self.data).decode()}"

    @property
    def sha256(self) -> str:
        """In hex, of the whole file."""
        return hashlib.sha256(self.data).hexdigest()


def clip(number: int) -> Clip:
    """A tone with noise that no other number gives."""
    random = np.random.default_rng(number)
    tone = np.sin(np.arange(int(RATE * SECONDS)) * (0.1 + number % 97 / 100)) * 6000
    samples = (tone + random.normal(0, 500, tone.size)).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return Clip(buffer.getvalue())
