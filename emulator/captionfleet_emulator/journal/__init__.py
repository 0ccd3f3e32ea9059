"""The request log, with a verdict on whoever asks."""
