"""Every format that people have goes through the fleet with a sensible plan; every broken file ends in its code.

All jobs are submitted at once and looked at one by one.
"""

import os
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from captionfleet_producers import SubmittedJob
from captionfleet_schemas import FailureCode, JobState, Route
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.origins import Site, serving

CODE_SECONDS = 5.0
"""Within which a broken file is to end in its code."""

FORMATS = {
    "aac.3gp": ("3gp", "aac", Route.INLINE),
    "aac.m4a": ("mp4", "aac", Route.TRANSCODED),
    "adpcm.wav": ("wav", "adpcm_ms", Route.TRANSCODED),
    "adts.aac": ("aac", "aac", Route.INLINE),
    "aiff.aiff": ("aiff", "pcm", Route.TRANSCODED),
    "amr_nb.3gp": ("3gp", "amrnb", Route.INLINE),
    "amr_nb.3gpp": ("3gp", "amrnb", Route.INLINE),
    "amr_nb.amr": ("amr", "amrnb", Route.INLINE),
    "amr_wb.amr": ("amr", "amrwb", Route.INLINE),
    "cbr.mp3": ("mp3", "mp3", Route.INLINE),
    "flac.flac": ("flac", "flac", Route.TRANSCODED),
    "float.wav": ("wav", "pcm_f32le", Route.TRANSCODED),
    "gsm_ms.wav": ("wav", "gsm_ms", Route.INLINE),
    "mulaw.wav": ("wav", "pcm_mulaw", Route.TRANSCODED),
    "opus.ogg": ("ogg", "opus", Route.TRANSCODED),
    "opus.webm": ("webm", "opus", Route.TRANSCODED),
    "pcm.wav": ("wav", "pcm", Route.INLINE),
    "vbr.mp3": ("mp3", "mp3", Route.INLINE),
    "vbr_no_header.mp3": ("mp3", "mp3", Route.INLINE),
    "video.mp4": ("mp4", "aac", Route.TRANSCODED),
    "vorbis.ogg": ("ogg", "vorbis", Route.TRANSCODED),
    "wma.wma": ("asf", "wmav2", Route.TRANSCODED),
}

BROKEN = {
    "concat.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "empty.wav": FailureCode.AUDIO_EMPTY,
    "index_lost.m4a": FailureCode.AUDIO_DAMAGED,
    "noise.amr": FailureCode.AUDIO_UNSUPPORTED,
    "page.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "playlist.m3u8": FailureCode.AUDIO_UNSUPPORTED,
    "playlist.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "session.sdp.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "too_short.wav": FailureCode.AUDIO_EMPTY,
    "video_without_audio.mp4": FailureCode.AUDIO_UNSUPPORTED,
    "zeros.mp3": FailureCode.AUDIO_UNSUPPORTED,
}
AUDIBLE = {"cut_in_half.mp3", "lying_header.wav"}
"""Broken as well, but with sound that can be told about: `test_bad_input` looks at them."""

# What each says in text: {web} is a server that listens, {file} a canary in the same folder, {path} its full path.
HOSTILE = {
    "hls-web.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{web}/segment.ts\n#EXT-X-ENDLIST\n",
    "hls-web.mp3": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{web}/segment.ts\n#EXT-X-ENDLIST\n",
    "hls-file.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{file}\n#EXT-X-ENDLIST\n",
    "hls-path.mp3": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "hls-key.m3u8": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{web}/key"\n#EXTINF:10,\n{file}\n#EXT-X-ENDLIST\n',
    "hls-after-blanks.mp3": "\n\n   #EXTM3U\n#EXTINF:10,\n{web}/segment.ts\n#EXT-X-ENDLIST\n",
    "concat-file.mp3": "ffconcat version 1.0\nfile {file}\n",
    "concat-path.mp3": "ffconcat version 1.0\nfile '{path}'\n",
    "concat-web.mp3": "ffconcat version 1.0\nfile {web}/a.mp3\n",
    "dash.mp4": '<?xml version="1.0"?><MPD><Period><BaseURL>{web}/</BaseURL></Period></MPD>',
    "pls.mp3": "[playlist]\nNumberOfEntries=1\nFile1={web}/a.mp3\n",
    "xspf.mp3": "<playlist><trackList><track><location>{web}/a.mp3</location></track></trackList></playlist>",
    "smooth.wma": '<ASX version="3.0"><Entry><Ref href="{web}/a.wma"/></Entry></ASX>',
    "real.ram": "{web}/a.rm\n",
    "concat-protocol.mp3": "concat:{path}|{path}",
    "subfile.mp3": "subfile,,start,0,end,0,,:{path}",
    "sdp.mp3": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
}


@dataclass
class Canary:
    """A named pipe that nobody is to open: opening it for reading is what its watcher waits for."""

    path: Path
    opened: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Wait in this thread until somebody opens it."""
        os.close(os.open(self.path, os.O_WRONLY))
        self.opened.set()


@contextmanager
def watched(path: Path) -> Generator[Canary]:
    """A canary that is watched until the block ends."""
    os.mkfifo(path)
    canary = Canary(path)
    watcher = threading.Thread(target=canary.watch)
    watcher.start()
    try:
        yield canary
    finally:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        watcher.join()


@dataclass(frozen=True)
class Trap:
    """Hostile files, the server and the canary that they name, and their jobs."""

    site: Site
    canary: Canary
    jobs: dict[str, SubmittedJob]


def submit_all(fleet: Fleet, names: Iterable[str], folder: Path) -> dict[str, SubmittedJob]:
    """Submit files of a folder where they lie, without a copy under another name."""
    return {name: fleet.client.submit((folder / name).as_uri()) for name in names}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the hostile files lie: a folder that the fleet may read, as an attacker with a share would have it."""
    return tmp_path_factory.mktemp("share")


@pytest.fixture(scope="module")
def reading_worker(module_fleet: Fleet, folder: Path) -> Generator[None]:
    """A worker that reads the test audio and the share."""
    with module_fleet.worker(file_roots=f"{AUDIO},{folder}"):
        yield


@pytest.fixture(scope="module")
def formats(module_fleet: Fleet, reading_worker: None) -> dict[str, SubmittedJob]:
    """A job for each format."""
    del reading_worker
    return submit_all(module_fleet, FORMATS, AUDIO / "formats")


@pytest.fixture(scope="module")
def broken(module_fleet: Fleet, reading_worker: None) -> dict[str, SubmittedJob]:
    """A job for each broken file."""
    del reading_worker
    return submit_all(module_fleet, BROKEN, AUDIO / "broken")


@pytest.fixture(scope="module")
def trap(module_fleet: Fleet, folder: Path, reading_worker: None) -> Generator[Trap]:
    """A job for each hostile file."""
    del reading_worker
    with serving({}) as site, watched(folder / "canary.ts") as canary:
        for name, text in HOSTILE.items():
            content = text.format(web=site.url().rstrip("/"), file=canary.path.name, path=canary.path)
            (folder / name).write_text(content, encoding="utf-8")
        yield Trap(site, canary, submit_all(module_fleet, HOSTILE, folder))


def test_tables_are_complete() -> None:
    """No file of the test audio is left out."""
    assert {path.name for path in (AUDIO / "formats").iterdir()} == set(FORMATS)
    assert {path.name for path in (AUDIO / "broken").iterdir()} == {*BROKEN, *AUDIBLE}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(module_fleet: Fleet, formats: dict[str, SubmittedJob], name: str) -> None:
    """What the model documents goes as it is, the rest as MP3; tokens are counted by the documented rule."""
    result = module_fleet.client.wait(formats[name].id, timeout=60)

    assert result.state is JobState.SUCCEEDED, result.failure
    assert result.audio
    assert result.plan
    assert (result.audio.container, result.audio.codec, result.plan.route) == FORMATS[name]
    sent = (result.audio.container, result.audio.codec) if result.plan.route is Route.INLINE else ("mp3", "mp3")
    assert (result.plan.container, result.plan.codec) == sent
    assert result.plan.channels == result.audio.channels
    assert ("not among the formats" in " ".join(result.plan.why)) is (result.plan.route is Route.TRANSCODED)
    assert result.usage
    assert result.usage.audio_tokens
    assert abs(result.usage.audio_tokens - result.audio.seconds * 12.5) <= 3
    assert result.model_calls == 1


@pytest.mark.parametrize("name", BROKEN)
def test_every_broken_file(module_fleet: Fleet, broken: dict[str, SubmittedJob], name: str) -> None:
    """It ends at the first attempt, in time, and without a call."""
    result = module_fleet.client.wait(broken[name].id, timeout=60)

    assert result.failure
    assert result.failure.code is BROKEN[name], result.failure.message
    assert (result.attempts, result.model_calls) == (1, 0)
    assert sum(result.timings.steps.values()) < CODE_SECONDS


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_file(module_fleet: Fleet, trap: Trap, name: str) -> None:
    """What a file names is neither fetched nor opened."""
    result = module_fleet.client.wait(trap.jobs[name].id, timeout=60)

    assert result.failure
    assert result.failure.code is FailureCode.AUDIO_UNSUPPORTED, result.failure.message
    assert (result.attempts, result.model_calls) == (1, 0)
    assert sum(result.timings.steps.values()) < CODE_SECONDS
    assert not trap.site.seen
    assert not trap.canary.opened.is_set()


def test_canary_sings(tmp_path: Path) -> None:
    """The proof is worth something: whoever opens the canary is noticed."""
    with watched(tmp_path / "canary.ts") as canary:
        with canary.path.open("rb") as stream:
            stream.read()

        assert canary.opened.wait(10)
