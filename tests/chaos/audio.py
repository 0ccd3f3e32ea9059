"""Audio for a chaos run: short, and each one different, so that nobody can answer from memory."""

import base64
import io
import wave

import numpy as np

RATE = 8000
SECONDS = 0.2


def clip(number: int) -> str:
    """The `data:` address of a tone with noise that no other number gives."""
    random = np.random.default_rng(number)
    tone = np.sin(np.arange(int(RATE * SECONDS)) * (0.1 + number % 97 / 100)) * 6000
    samples = (tone + random.normal(0, 500, tone.size)).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return f"data:audio/wav;base64,{base64.b64encode(buffer.getvalue()).decode()}"
