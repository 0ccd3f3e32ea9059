import wave
from pathlib import Path

import pytest

from tests.functional.emulator.origin import Origin, running_origin
from tests.functional.emulator.process import Emulator, running_emulator

PREFIX = "<400> InternalError.Algo.InvalidParameter: "
NOT_FOUND = "Failed to find the requested media resource during the data inspection process."
FORBIDDEN = "Don't have authorization to access the media resource during the data inspection process."
FAILED = "Failed to download multimodal content"
TIMED_OUT = "Download the media resource timed out during the data inspection process."


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("status/404", NOT_FOUND),
        ("status/410", NOT_FOUND),
        ("status/403", FORBIDDEN),
        ("status/401", FORBIDDEN),
        ("status/503", FAILED),
        ("cut/clips/reading.wav", FAILED),
        ("silent/", TIMED_OUT),
        ("huge/", "Multimodal file size is too large"),
    ],
)
def test_origin_fails(emulator: Emulator, origin: Origin, path: str, sentence: str) -> None:
    """Each way for an origin to fail has its documented sentence, with status 400."""
    response = emulator.ask(f"{origin.url}/{path}")

    assert response.status_code == 400
    assert response.json()["error"]["message"] == PREFIX + sentence


def test_nobody_listens(emulator: Emulator, tmp_path: Path) -> None:
    """An origin that refuses the connection is a failed download."""
    with running_origin(tmp_path) as gone:
        url = gone.file("a.mp3")

    response = emulator.ask(url)

    assert response.json()["error"]["message"] == PREFIX + FAILED


def test_origin_does_not_state_the_length(emulator: Emulator, origin: Origin) -> None:
    """An answer without Content-Length is an error of status 500, as documented."""
    response = emulator.ask(f"{origin.url}/unmeasured/clips/reading.wav")

    assert response.status_code == 500
    assert "Missing Content-Length of multimodal url." in response.json()["error"]["message"]


def test_redirects_are_followed(emulator: Emulator, origin: Origin) -> None:
    """Audio that has moved is found."""
    response = emulator.ask(f"{origin.url}/moved/files/clips/reading.wav")

    assert response.status_code == 200


def test_page_in_place_of_audio(emulator: Emulator, origin: Origin) -> None:
    """A web page is no audio."""
    response = emulator.ask(origin.file("broken/page.mp3"))

    assert response.json()["error"]["message"] == f"{PREFIX}The audio format is illegal and cannot be opened"


def test_more_than_forty_minutes_are_refused(emulator: Emulator, tmp_path: Path) -> None:
    """Forty minutes and a second are too long, however small the file."""
    write_silence(tmp_path / "long.wav", 2401)

    with running_origin(tmp_path) as origin:
        response = emulator.ask(origin.file("long.wav"))

    assert response.status_code == 400
    assert response.json()["error"]["message"] == f"{PREFIX}The audio is too long"


def write_silence(path: Path, seconds: int) -> None:
    """Write a small file of long duration."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(1000)
        file.writeframes(b"\x80" * 1000 * seconds)


def test_log_names_the_audio_and_not_its_signature(emulator: Emulator, origin: Origin) -> None:
    """The request log keeps address and hash, without the query that may carry a signature."""
    emulator.ask(origin.file("clips/reading.wav") + "?signature=secret")

    entry = emulator.log()["requests"][0]
    assert entry["route"] == "url"
    assert entry["url"] == origin.file("clips/reading.wav")
    assert entry["seconds"] == 7.1
    assert "secret" not in str(entry)


def test_a_network_that_is_not_allowed(origin: Origin, tmp_path: Path) -> None:
    """As in a container: an inner address is a failed download, and nothing is said of what is there."""
    with running_emulator(tmp_path, "--allowed-networks", "") as closed:
        answer = closed.ask(origin.file("clips/reading.wav"))

    assert answer.status_code == 400
    assert "Failed to download multimodal content" in answer.text
