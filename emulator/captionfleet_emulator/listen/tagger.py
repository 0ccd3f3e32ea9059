"""YAMNet: how much each 0.96 s of a sound are like each of the 521 classes of AudioSet."""

import csv
import functools
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from captionfleet_emulator.listen.patches import PATCH_SAMPLES, PATCH_SECONDS, PATCH_STEP_SECONDS, cut_patches
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.wave import WAVE_RATE, Wave

WEIGHTS = files("captionfleet_emulator.listen") / "weights"
BATCH = 32
BATCH_SECONDS = BATCH * PATCH_STEP_SECONDS
OVERLAP_SECONDS = PATCH_SAMPLES / WAVE_RATE - PATCH_STEP_SECONDS

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tags:
    """Scores of a sound, shape (patches, classes), from 0 to 1. A patch begins 0.48 s after the one before."""

    scores: Scores
    seconds: float

    def of(self, name: str) -> Scores:
        """The scores of one class."""
        return self.scores[:, class_names().index(name)]

    def span(self, first: int, last: int) -> Span:
        """The time of the patches from `first` to `last`."""
        return Span(first * PATCH_STEP_SECONDS, min(self.seconds, last * PATCH_STEP_SECONDS + PATCH_SECONDS))


@functools.cache
def class_names() -> tuple[str, ...]:
    """The names of the classes, in the order of the scores."""
    rows = (WEIGHTS / "yamnet_class_map.csv").read_text(encoding="utf-8").splitlines()
    return tuple(row["display_name"] for row in csv.DictReader(rows))


class Tagger:
    """The model, loaded.

    Raises:
        ImportError: onnxruntime is not installed.
    """

    def __init__(self) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # the package ships no types

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors alone: it writes to stderr, where the log lines are JSON
        with as_file(WEIGHTS / "yamnet.onnx") as path:
            self._session: Any = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def tag(self, wave: Wave) -> Tags:
        """Score a whole sound, some seconds at a time."""
        starts = np.arange(0, max(wave.seconds - OVERLAP_SECONDS, PATCH_STEP_SECONDS), BATCH_SECONDS)
        scores = [self._score(wave, float(start)) for start in starts]
        return Tags(np.concatenate(scores), wave.seconds)

    def _score(self, wave: Wave, start: float) -> Scores:
        patches = cut_patches(wave.part(start, start + BATCH_SECONDS + OVERLAP_SECONDS))
        scores: Scores = self._session.run(["scores"], {"x": patches})[0]
        return scores
