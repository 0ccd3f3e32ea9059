"""What the first bytes of a file say, before a media library sees it."""

WEB_PAGE = "a web page"

_TEXTS = (
    (b"<!doctype html", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"<head", WEB_PAGE),
    (b"<body", WEB_PAGE),
    (b"<script", WEB_PAGE),
    (b"<!--", WEB_PAGE),
    (b"<?xml", "an XML document"),
    (b"<", "a marked-up document"),
    (b"#extm3u", "an HLS playlist"),
    (b"#ext-x-", "an HLS playlist"),
    (b"[playlist]", "a playlist"),
    (b"[reference]", "a playlist"),
    (b"ffconcat", "an ffconcat script"),
    (b"v=0", "an SDP session description"),
    (b"{", "a JSON document"),
    (b"%pdf-", "a PDF document"),
)
"""Texts that arrive in place of audio. Several of them make a media library open other files or connections."""

_AUDIO = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"ID3"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"FORM"),
    (0, b"caff"),
    (0, b"#!AMR"),
    (0, b".snd"),
    (0, b"wvpk"),
    (0, b"\x1aE\xdf\xa3"),  # Matroska, WebM
    (0, b"0&\xb2u\x8ef\xcf\x11"),  # ASF, WMA
    (0, b"\xff\xfb"),  # MP3
    (0, b"\xff\xf3"),
    (0, b"\xff\xf1"),  # ADTS AAC
    (0, b"\xff\xf9"),
    (4, b"ftyp"),  # MP4, M4A, 3GP
)

HEAD_BYTES = 4096
"""As much of a file's start as the functions here want to see."""


def text_kind(head: bytes) -> str | None:
    """Which kind of text a file starts like, in words for its owner; None when it may be media."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((kind for mark, kind in _TEXTS if start.startswith(mark)), None)


def looks_like_audio(head: bytes) -> bool:
    """Whether a file starts like an audio container: what cannot be opened is then damaged, not of another kind."""
    return any(head.startswith(mark, offset) for offset, mark in _AUDIO)
