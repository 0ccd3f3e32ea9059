"""Hearing: what can be measured and recognised in a sound, and the English that says no more than that.

    blocks ─┬─ frames ── measures (level, spectrum, stereo, spans, events, room) ──┐
            └─ wave ─┬── tagger ── sounds (music, events)  ────────────────────────┼── scene ── prose
                     └── detector, voice, transcriber ── speech ───────────────────┘

`frames` reduces the sound to small arrays in one pass of bounded memory; `wave` keeps 16 kHz mono for the models.
Models stand behind `ears`; what they say is judged by pure functions that return frozen dataclasses; `prose` turns
those into sentences. A listener without models has the upper path alone.
"""

import os

# Since 1.29 onnxruntime tells its maker about each process and model unless this is set before it is imported; this
# package says so first, for the detector imports it as well. https://github.com/microsoft/onnxruntime/pull/27379
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
