"""Good files to break: the fixtures, small ones of further formats, and odd ones."""

from pathlib import Path

from tests.functional.media.making import write
from tests.functional.media.odd_files import odd_files

_AUDIO = Path(__file__).parents[1] / "audio"
_MADE = (
    ("alac", "ipod"), ("alac", "caf"), ("flac", "matroska"), ("aac", "matroska"), ("aac", "mpegts"),
    ("wavpack", "wv"), ("mp2", "mpeg"), ("libmp3lame", "avi"), ("libmp3lame", "flv"), ("pcm_s24le", "wav"),
    ("pcm_f32le", "wav"), ("pcm_s16le", "w64"), ("pcm_s16be", "au"), ("ac3", "matroska"), ("adpcm_ima_wav", "wav"),
)  # fmt: skip


def seeds(folder: Path) -> list[bytes]:
    """Their contents; `folder` is written to on the way."""
    fixtures = [path for part in ("formats", "broken") for path in sorted((_AUDIO / part).iterdir())]
    made = [
        write(folder / f"{codec}.{container}", codec, container=container, seconds=1.0) for codec, container in _MADE
    ]
    surround = write(folder / "surround", "aac", container="ipod", layout="5.1", seconds=1.0)
    covered = write(folder / "covered", "libmp3lame", container="mp3", cover=True, seconds=1.0)
    contents = [*(path.read_bytes() for path in (*fixtures, *made, surround, covered)), *odd_files(folder)]
    return [content for content in contents if content]
