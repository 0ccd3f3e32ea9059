"""The request body, made piece by piece: a large file is never in memory as a whole.

The base64 alphabet needs no escaping in JSON, so the audio stands between two fixed parts and the length is known
before the file is read.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captionfleet_schemas.catalogue import model_card
from captionfleet_workers.model.port import AudioFile, AudioUpload, AudioUrl, ModelRequest

PIECE_BYTES = 48 * 1024
"""Read at once; a multiple of three, so that base64 can be put together from the pieces.

Measured with 7 MB: 192 KiB hold 0.85 MB in memory and 48 KiB 0.22 MB, at the same CPU."""

AUDIO = "\0audio\0"
"""Stands in a document where the audio goes. Nothing that a caller can choose may come before it."""

DATA_URL_PREFIX = "data:;base64,"


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON body of exactly `length` bytes: `head`, the file's bytes in base64 if there is a file, `tail`."""

    head: bytes
    file: Path | None
    tail: bytes
    length: int

    def content(self, between: Callable[[], None]) -> bytes | Iterator[bytes]:
        """The body for one attempt: bytes, or a new generator that calls `between` before each piece."""
        return self.head + self.tail if self.file is None else self._pieces(self.file, between)

    def _pieces(self, file: Path, between: Callable[[], None]) -> Iterator[bytes]:
        start = self.head
        with file.open("rb", buffering=0) as audio:
            piece = audio.read(PIECE_BYTES)
            while following := audio.read(PIECE_BYTES):
                between()
                yield start + base64.b64encode(piece)
                start, piece = b"", following
        between()
        yield start + base64.b64encode(piece) + self.tail


def body_of(
    document: Mapping[str, Any], audio: AudioUrl | AudioUpload | AudioFile, prefix: str = DATA_URL_PREFIX
) -> Body:
    """The document as JSON, with the audio's address or its data URL in the place of `AUDIO`.

    Args:
        document: holds `AUDIO` as a string of its own.
        audio: what to put there.
        prefix: how a data URL begins.
    """
    head, _, tail = (part.encode() for part in json.dumps(document).partition(json.dumps(AUDIO)[1:-1]))
    if not isinstance(audio, AudioFile):
        head += json.dumps(audio.url)[1:-1].encode()
        return Body(head, None, tail, len(head) + len(tail))
    head += prefix.encode()
    return Body(head, audio.path, tail, len(head) + base64_length(audio.bytes) + len(tail))


def base64_length(size: int) -> int:
    """Characters of base64 that so many bytes take."""
    return (size + 2) // 3 * 4


def upload_headers(request: ModelRequest) -> dict[str, str]:
    """What has the service look an `oss://` address up; beside any other address it has been seen to do harm."""
    return {"X-DashScope-OssResourceResolve": "enable"} if isinstance(request.audio, AudioUpload) else {}


def streams(request: ModelRequest) -> bool:
    """Whether the answer is asked for piece by piece: on request, and always where the model can do nothing else."""
    return request.stream or model_card(request.model).stream_only
