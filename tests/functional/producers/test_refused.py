"""Submissions that are refused before anything is stored: what can never work, and what is not to be printed."""

import pytest

from captionfleet_producers import CaptionClient, InvalidSubmissionError
from tests.functional.producers.shell import URL


@pytest.mark.parametrize(
    ("audio", "advice"),
    [
        ("/etc/passwd", "pathlib.Path"),
        ("~/a.wav", "pathlib.Path"),
        ("a.wav", "pathlib.Path"),
        ("", "pathlib.Path"),
        ("user:do-not-tell@example.com/a.mp3", "pathlib.Path"),
        ("UklGR" * 500, "data:audio/wav;base64,"),
        ("https://user:do-not-tell@example.com/a.mp3", "a user name or password"),
        ("https://user:do-not-tell/1@example.com/a.mp3", "%2F for /"),
        ("https://example.com:25/a.mp3", "port 25 is not allowed"),
        ("https://example.com:99999999999/a.mp3", "is not allowed"),
        ("https://exam ple.com/\x1b[2J", "a blank or a control character"),
    ],
)
def test_text_that_is_no_address_is_refused(client: CaptionClient, audio: str, advice: str) -> None:
    """A service hands on what its users wrote: that reads no file, and the one line about it tells no secret."""
    with pytest.raises(InvalidSubmissionError) as refused:
        client.submit(audio)

    assert advice in str(refused.value)
    assert "do-not-tell" not in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250
    assert list(client.list()) == []


@pytest.mark.parametrize("port", ["25", "0", "70000", "x"])
@pytest.mark.parametrize("login", ["", "user:do-not-tell@"])
def test_a_webhook_that_can_never_work_is_refused(client: CaptionClient, port: str, login: str) -> None:
    """Nobody learns of it from ten attempts over three days."""
    with pytest.raises(InvalidSubmissionError, match="webhook: ") as refused:
        client.submit(URL, webhook=f"https://{login}example.com:{port}/do-not-tell")

    assert "do-not-tell" not in str(refused.value)


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\x00", "\x7f", "\x9b", "\u2028"])
def test_metadata_has_no_control_characters(client: CaptionClient, character: str) -> None:
    """Neither in a name nor in a value: it is printed, logged and handed on to programs that read it by the line."""
    for metadata in ({"show": f"4{character}2"}, {f"sh{character}ow": "42"}):
        with pytest.raises(InvalidSubmissionError, match=r"metadata: .* has a control character in it"):
            client.submit(URL, metadata=metadata)

    assert list(client.list()) == []
