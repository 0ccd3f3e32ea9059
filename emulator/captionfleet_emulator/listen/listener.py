from enum import StrEnum


class Listener(StrEnum):
    """How much a listener does, and what each adds to the one before it."""

    DSP = "dsp"
    """Measures."""
    SOUNDS = "sounds"
    """Recognises speech, music and events."""
    FULL = "full"
    """Understands words."""
