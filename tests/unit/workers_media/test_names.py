"""What the first bytes and FFmpeg's names tell."""

import pytest

from captionfleet_workers.media.formats import codec_name, container_name
from captionfleet_workers.media.sniff import WEB_PAGE, looks_like_audio, text_kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"<!DOCTYPE html><html>", WEB_PAGE),
        (b"\xef\xbb\xbf \r\n<HTML lang=en>", WEB_PAGE),
        (b"#EXTM3U\n#EXT-X-VERSION:3", "an HLS playlist"),
        (b"ffconcat version 1.0", "an ffconcat script"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1", "an SDP session description"),
        (b'<?xml version="1.0"?><MPD>', "an XML document"),
        (b'{"error": "not found"}', "a JSON document"),
        (b"ID3\x04", None),
        (b"\xff\xfb\x90\x44", None),
        (b"", None),
    ],
)
def test_text_in_place_of_audio_is_named(head: bytes, kind: str | None) -> None:
    """What is no audio is refused before a media library sees it."""
    assert text_kind(head) == kind


@pytest.mark.parametrize(
    ("head", "expected"), [(b"RIFF....WAVE", True), (b"\0\0\0\x20ftypM4A ", True), (b"\0" * 16, False)]
)
def test_audio_is_known_by_its_first_bytes(head: bytes, expected: bool) -> None:
    """A file that starts like audio and cannot be opened is damaged, not of another kind."""
    assert looks_like_audio(head) is expected


@pytest.mark.parametrize(
    ("demuxer", "brand", "head", "name"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "3gp4", b"", "3gp"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "M4A ", b"", "mp4"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "qt  ", b"", "mov"),
        ("matroska,webm", "", b"\x1aE\xdf\xa3...webm", "webm"),
        ("matroska,webm", "", b"\x1aE\xdf\xa3...matroska", "matroska"),
        ("amrnb", "", b"", "amr"),
        ("mp3", "", b"", "mp3"),
    ],
)
def test_container_gets_its_common_name(demuxer: str, brand: str, head: bytes, name: str) -> None:
    """FFmpeg's name for a family is narrowed down."""
    assert container_name(demuxer, brand, head) == name


@pytest.mark.parametrize(
    ("canonical", "name"), [("pcm_s16le", "pcm"), ("pcm_u8", "pcm"), ("pcm_f32le", "pcm_f32le"), ("amr_nb", "amrnb")]
)
def test_codec_gets_its_common_name(canonical: str, name: str) -> None:
    """Integer PCM is one codec, whatever its width."""
    assert codec_name(canonical) == name
