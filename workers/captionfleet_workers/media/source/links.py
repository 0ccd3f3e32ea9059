"""What a demuxer should see of a file: each of the files that are joined in it by itself, as it is meant."""

import os
from itertools import pairwise
from typing import BinaryIO

from captionfleet_workers.media.source.ogg import chain_of
from captionfleet_workers.media.source.riff import whole_words
from captionfleet_workers.media.source.tags import tags_of
from captionfleet_workers.media.source.view import Stretch, stretches

_WAVES = (b"RIFF", b"RF64", b"BW64", b"riff")
_OGG = b"OggS"
_TAGS = (b"ID3", b"APETAGEX")


def links_of(file: BinaryIO, head: bytes) -> list[list[Stretch]]:
    """What is to be seen of each of the files that are joined in one; mostly there is one, and all of it is seen."""
    size = file.seek(0, os.SEEK_END)
    if head.startswith(_WAVES):
        return [stretches((0, size), instead=whole_words(file))]
    if head.startswith(_OGG):
        return [stretches(link) for link in pairwise((*(chain_of(file).begins or (0,)), size))]
    if _is_mpeg(head):
        return [stretches((0, size), without=tags_of(file, size))]
    return [stretches((0, size))]


def _is_mpeg(head: bytes) -> bool:
    """Whether it starts as MP3 or ADTS do: with a tag, or the sync word of a frame."""
    return head.startswith(_TAGS) or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)  # noqa: PLR2004
