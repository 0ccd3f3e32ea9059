"""What the full listener says of real clips, beside `docs/listening.md`."""

import re
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.emulator.test_captions import CLIPS, caption

PAGE = Path(__file__).parents[3] / "docs" / "listening.md"
NAMES = sorted(path.name for path in CLIPS.iterdir())
MAX_MEGABYTES = 700


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """An emulator that hears all it can."""
    with running_emulator(tmp_path_factory.mktemp("full"), "--listener", "full") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def captions(full: Emulator) -> dict[str, str]:
    """What it says of every clip."""
    return {name: caption(full, name) for name in NAMES}


def test_renovation(captions: dict[str, str]) -> None:
    """The page's own example: a low voice in the centre speaks Mandarin, the knocks are on the left, there is noise."""
    text = captions["renovation.wav"]

    assert re.search(r"a low, probably male voice in the centre", text)
    assert "speaking what sounds like Mandarin Chinese" in text
    assert re.search(r"“[^”]*工作[^”]*”", text)
    assert re.search(r"like knocking,[\w ,]* on the left[\w ]* repeats every 0\.5 to 0\.6 seconds, 1[01] times", text)
    assert "background noise" in text


def test_reading(captions: dict[str, str]) -> None:
    """English is named without a hedge, and the sentence is heard to the word."""
    text = captions["reading.wav"]

    assert re.search(r"speaking English at a \w+ pace", text)
    assert "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his power" in text


def test_silence(captions: dict[str, str]) -> None:
    """Digital silence is one sentence still."""
    text = captions["silence.wav"]

    assert "digital silence" in text
    assert text.count(". ") == 0


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("ambi_piano.flac", "Music is heard"),
        ("ambi_choir.flac", r"singing \(choir\)"),
        ("drum_roll.flac", r"percussion \(drum roll\)"),
        ("guitar.mp3", "Music is heard"),
        ("loop_tabla.flac", r"percussion.*a steady pulse of about 120 a minute"),
        ("misc_crow.flac", r"a bird \(crow\)"),
    ],
)
def test_what_is_there_is_heard(captions: dict[str, str], name: str, heard: str) -> None:
    """Music is called music, and the right class is named."""
    assert re.search(heard, captions[name])


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"reading.wav", "renovation.wav", "silence.wav"}))
def test_no_words_are_invented(captions: dict[str, str], name: str) -> None:
    """Where nobody speaks no speech is claimed and nothing is quoted."""
    assert "No speech is heard." in captions[name]
    assert "“" not in captions[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_tells_the_truth(captions: dict[str, str], name: str) -> None:
    """The page has each clip's caption; quoted words are left out, they may differ with the processor's arithmetic."""
    page = " ".join(PAGE.read_text(encoding="utf-8").split())

    assert without_quotes(captions[name]) in without_quotes(page)


def test_memory(full: Emulator, captions: dict[str, str]) -> None:
    """With all models loaded and used, the server and its listening processes stay below 700 MB together."""
    server = psutil.Process(full.process.pid)

    resident = sum(process.memory_info().rss for process in (server, *server.children(recursive=True)))

    assert captions
    assert resident < MAX_MEGABYTES * 1e6


def test_the_middle_way_hears_sounds_but_no_words(tmp_path: Path) -> None:
    """The listener `sounds` hears that somebody speaks, and says that it did not listen for words."""
    with running_emulator(tmp_path, "--listener", "sounds") as emulator:
        text = caption(emulator, "reading.wav")

    assert "Speech is heard throughout" in text
    assert re.search("not been transcribed|not transcribed", text)
    assert not re.search("“|English", text)


def without_quotes(text: str) -> str:
    """A text without what is quoted in it."""
    return re.sub("“[^”]*”", "“”", text)
