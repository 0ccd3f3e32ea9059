"""What a file's own structure says, and what of the file is shown to a demuxer: without a media library."""

import os
import struct
from io import BytesIO
from itertools import pairwise

import pytest

from captionfleet_workers.media.source.ending import missing_bytes
from captionfleet_workers.media.source.links import links_of
from captionfleet_workers.media.source.riff import whole_words
from captionfleet_workers.media.source.tags import tags_of
from captionfleet_workers.media.source.view import View, stretches
from tests.functional.media.odd_files import FORMATS, ape, id3, plain_form, riff

DIGITS = b"0123456789"


def shown(view: View) -> bytes:
    """All that is read from a view."""
    return b"".join(iter(lambda: view.read(4), b""))


def test_a_view_leaves_out_and_puts_right() -> None:
    """What is left out is not there at all, and what is replaced stands in its place."""
    view = View(BytesIO(DIGITS), stretches((1, 10), without=[(3, 5), (8, 9)], instead={5: b"xy", 9: b"z"}))

    assert shown(view) == b"12xy7z"
    assert view.seek(0, os.SEEK_END) == 6
    assert view.seek(-3, os.SEEK_END) == 3
    assert shown(view) == b"y7z"


@pytest.mark.parametrize(("offset", "whence"), [(-1, os.SEEK_SET), (-11, os.SEEK_END), (0, 0x10000)])
def test_a_view_knows_no_place_before_its_beginning(offset: int, whence: int) -> None:
    """FFmpeg asks for such places, and for sizes by a number of its own."""
    view = View(BytesIO(DIGITS), stretches((0, 10)))

    assert view.seek(offset, whence) < 0
    assert shown(view) == DIGITS


def test_nothing_is_seen_of_nothing() -> None:
    """A file that is all tags shows no byte."""
    view = View(BytesIO(DIGITS), stretches((0, 10), without=[(0, 10)]))

    assert view.read(4) == b""
    assert view.seek(0, os.SEEK_END) == 0


def test_tags_that_touch_and_overlap_are_left_out_once() -> None:
    """A tag may claim to hold another one."""
    frame = b"\xff\xfb\x90\x64" * 20
    data = frame + id3(64) + id3(100) + frame + ape(header=True) + ape(header=False)

    tags = tags_of(BytesIO(data), len(data))

    assert all(end <= start for (_, end), (start, _) in pairwise(tags))
    kept = len(data) - sum(end - start for start, end in tags)
    assert kept == 2 * len(frame)


LYING_APE = b"APETAGEX" + struct.pack("<IIII", 2000, 1000, 1, 0) + bytes(8)


@pytest.mark.parametrize(
    "junk",
    [b"ID3", b"ID3\x03\0\0\x7f\x7f\x7f\x7f", b"ID3\xff\xff\0\0\0\0\0", b"APETAGEX", LYING_APE, b"LYRICSBEGIN"],
)
def test_three_letters_in_the_sound_are_no_tag(junk: bytes) -> None:
    """What a tag's head says has to make sense, and sound or another tag has to follow it."""
    data = b"\xff\xfb\x90\x64" * 500 + junk + b"\xff\xfb\x90\x64" * 500

    assert tags_of(BytesIO(data), len(data)) == []


def test_marks_are_found_across_pieces() -> None:
    """A file is looked through a megabyte at a time."""
    for shift in range(-12, 3):
        before = b"\xff\xfb\x90\x64" * 300_000
        at = (1 << 20) + shift
        data = before[:at] + id3(64) + b"\xff\xfb" + before[:100]

        assert tags_of(BytesIO(data), len(data)) == [(at, at + 74)]


@pytest.mark.parametrize("name", sorted(path.name for path in FORMATS.iterdir()))
def test_good_files_miss_nothing(name: str) -> None:
    """None of the real files ends before its word."""
    data = (FORMATS / name).read_bytes()

    assert missing_bytes(BytesIO(data), len(data)) == 0


@pytest.mark.parametrize("name", ["pcm.wav", "aiff.aiff", "opus.ogg", "opus.webm", "aac.m4a", "video.mp4", "aac.3gp"])
def test_one_byte_less_is_missed(name: str) -> None:
    """Wherever the structure states an end."""
    data = (FORMATS / name).read_bytes()[:-1]

    assert missing_bytes(BytesIO(data), len(data)) == 1


@pytest.mark.parametrize(
    "head", [b"", b"RIFF", b"OggS", b"\x1aE\xdf\xa3", b"\0\0\0\0ftyp", b"caff", b"FORM", b".snd", b"riff"]
)
@pytest.mark.parametrize(
    "rest", [b"", b"\0" * 60, b"\xff" * 60, bytes(range(60))], ids=["none", "zeros", "ones", "count"]
)
def test_stumps_are_read_without_stumbling(head: bytes, rest: bytes) -> None:
    """A header that ends at once, or says nonsense, is no reason to fail or to go in circles."""
    file = BytesIO(head + rest)

    assert missing_bytes(file, len(head + rest)) >= 0
    assert links_of(file, head + rest)


def test_only_integers_in_larger_words_are_put_right() -> None:
    """Plain files stay as they are."""
    plain = BytesIO(riff(plain_form(2, 16_000, 16), bytes(64)))
    wide = BytesIO(riff(plain_form(2, 16_000, 20, word=4), bytes(64)))

    assert whole_words(plain) == {}
    assert whole_words(wide) == {34: b"\x20\x00"}
