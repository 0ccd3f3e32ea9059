"""The sentences of the captions, as data: for each thing to say, wordings that mean the same."""

from collections.abc import Sequence

from captionfleet_emulator.listen.events import Side
from captionfleet_emulator.listen.spectrum import Band
from captionfleet_emulator.listen.stereo import Image

LENGTHS = ((3.0, "very brief"), (15.0, "brief"), (60.0, "short"), (600.0, "longer"), (float("inf"), "long"))
"""Words for durations below so many seconds."""

LOUDNESS = (
    (-40.0, "very quiet"),
    (-28.0, "quiet"),
    (-18.0, "moderately loud"),
    (-12.0, "loud"),
    (float("inf"), "very loud"),
)
"""Words for loudness below so many LUFS (or dBFS, RMS, of what is too short for that)."""

OPENINGS = (
    "The audio is a {length} {recording} in {channels}, {duration} long, {loudness}: about {measured}, peaks {peak}.",
    "This is a {length} {recording}, {duration} in {channels}; it is {loudness}, about {measured}, peaks at {peak}.",
    "The clip is a {length} {recording} in {channels}; {duration} long, {loudness} (about {measured}, peaks {peak}).",
)

KNOCKS = ("A short, sharp sound, like knocking,", "A sound like knocking, short and sharp,")

IMAGES: dict[Image, tuple[str, ...]] = {
    Image.IDENTICAL: (
        "Both channels carry the same signal, so everything stands in the centre.",
        "Although there are two channels, they are identical: nothing stands to either side.",
    ),
    Image.ONLY_LEFT: ("Only the left channel carries sound.",),
    Image.ONLY_RIGHT: ("Only the right channel carries sound.",),
    Image.LEFT: (
        "The sound leans to the left, whose channel is about {balance} louder.",
        "The left side dominates the stereo field, being about {balance} louder than the right.",
    ),
    Image.RIGHT: (
        "The sound leans to the right, whose channel is about {balance} louder.",
        "The right side dominates the stereo field, being about {balance} louder than the left.",
    ),
    Image.OPPOSED: (
        "The two channels are largely in opposite phase, which gives a diffuse stereo image.",
        "Left and right move mostly against each other, so that the stereo image is diffuse.",
    ),
    Image.WIDE: (
        "The two channels have little in common, which gives a wide stereo image.",
        "Left and right differ much of the time, so that the stereo image is wide.",
    ),
    Image.CENTRED: (
        "The stereo image as a whole is centred.",
        "Taken as a whole, the stereo field is balanced around the centre.",
    ),
}

BANDS: dict[Band, tuple[str, ...]] = {
    Band.TELEPHONE: (
        "The bandwidth is telephone-like, with hardly anything above about {edge}.",
        "It has the narrow bandwidth of a telephone line: hardly anything lies above about {edge}.",
    ),
    Band.NARROW: (
        "Hardly anything lies above about {edge}.",
        "The sound stays low in the spectrum, with hardly anything above about {edge}.",
    ),
    Band.LIMITED: (
        "The bandwidth is limited, reaching to about {edge}.",
        "Its bandwidth is limited: hardly anything lies above about {edge}.",
    ),
    Band.FULL: (
        "The bandwidth is full, reaching to about {edge}.",
        "It has full bandwidth, with content up to about {edge}.",
    ),
}

PLACES: dict[Side | None, tuple[str, ...]] = {
    Side.LEFT: (" on the left", " on the left side of the stereo field"),
    Side.RIGHT: (" on the right", " on the right side of the stereo field"),
    Side.CENTRE: (" in the centre",),
    None: ("",),
}

ENDINGS = (
    "The recording ends abruptly, while the sound is still going on.",
    "It breaks off while the sound is still going on.",
)

CLOSINGS = (
    "What makes these sounds has not been identified; this description rests on measurements alone.",
    "This describes what can be measured; whether there is speech or music in it has not been determined.",
    "The description rests on measurements alone and does not say what the sounds are.",
)

SILENT = (
    "The recording is {duration} long and contains only digital silence: nothing can be heard.",
    "This recording of {duration} contains only digital silence; nothing can be heard in it.",
)


def word_for(value: float, words: Sequence[tuple[float, str]]) -> str:
    """The word of the first bound above a value."""
    return next(word for bound, word in words if value < bound)
