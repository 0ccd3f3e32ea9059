import math
from pathlib import Path

import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, Emulator, data_url

ILLEGAL = "<400> InternalError.Algo.InvalidParameter: The audio format is illegal and cannot be opened"
EMPTY = "<400> InternalError.Algo.InvalidParameter: The audio is empty"
DOCUMENTED = {
    "aac.3gp",
    "adts.aac",
    "amr_nb.3gp",
    "amr_nb.3gpp",
    "amr_nb.amr",
    "amr_wb.amr",
    "cbr.mp3",
    "gsm_ms.wav",
    "pcm.wav",
    "vbr.mp3",
    "vbr_no_header.mp3",
}
READABLE_IN_PART = {"cut_in_half.mp3": 1.0, "lying_header.wav": 7.1}
REFUSALS = {"empty.wav": EMPTY, "too_short.wav": EMPTY}


def names(folder: str) -> list[str]:
    """The files of one folder of test audio."""
    return sorted(path.name for path in (AUDIO / folder).iterdir())


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_hears_each_documented_format(emulator: Emulator, name: str) -> None:
    """The same reading of 7.1 seconds costs about as much in every documented coat."""
    response = emulator.ask(data_url(AUDIO / "formats" / name))

    tokens = response.json()["usage"]["prompt_tokens_details"]["audio_tokens"]
    assert response.status_code == 200
    assert math.ceil(7.1 * 12.5) <= tokens <= math.ceil(7.2 * 12.5)


@pytest.mark.parametrize("name", [name for name in names("formats") if name not in DOCUMENTED])
def test_refuses_each_other_format(emulator: Emulator, name: str) -> None:
    """What the page does not list is refused, though it could be decoded."""
    response = emulator.ask(data_url(AUDIO / "formats" / name))

    assert response.status_code == 400
    assert response.json()["error"]["message"] == ILLEGAL


def test_the_name_of_a_file_does_not_matter(emulator: Emulator, origin: Origin, tmp_path: Path) -> None:
    """A format is what the file holds: Ogg behind a name that ends in mp3 is refused."""
    disguised = tmp_path / "speech.mp3"
    disguised.write_bytes((AUDIO / "formats" / "opus.ogg").read_bytes())

    inline = emulator.ask(data_url(disguised, "audio/mpeg"))
    honest = emulator.ask(origin.file("formats/opus.ogg"))

    assert inline.json()["error"] == honest.json()["error"]
    assert inline.json()["error"]["message"] == ILLEGAL


@pytest.mark.parametrize("name", [name for name in names("broken") if name not in READABLE_IN_PART])
def test_refuses_broken_files(emulator: Emulator, name: str) -> None:
    """Broken and hostile files get a clear refusal, and the next audio is heard as ever."""
    response = emulator.ask(data_url(AUDIO / "broken" / name))

    assert response.status_code == 400
    assert response.json()["error"]["message"] == REFUSALS.get(name, ILLEGAL)
    assert emulator.ask(data_url(AUDIO / "clips" / "reading.wav")).status_code == 200


@pytest.mark.parametrize(("name", "seconds"), READABLE_IN_PART.items())
def test_hears_what_can_be_decoded(emulator: Emulator, name: str, seconds: float) -> None:
    """A damaged file counts for what can be decoded of it, not for what its header claims."""
    response = emulator.ask(data_url(AUDIO / "broken" / name))

    assert response.status_code == 200
    assert f"{seconds} seconds" in response.json()["choices"][0]["message"]["content"]
