"""A whole life of the process: what it prints, logs, leaves behind, and how it ends."""

import json
import signal
import socket
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, Emulator, data_url, request_body, running_emulator

READING = data_url(AUDIO / "clips" / "reading.wav")
DAMAGED = data_url(AUDIO / "broken" / "cut_in_half.mp3")


@dataclass(frozen=True)
class Life:
    """What was seen of one process from start to SIGTERM."""

    status: int
    stdout: str
    stderr: str
    children: list[psutil.Process]
    caption: str
    request_ids: list[str]
    spool: Path
    spooled: list[Path]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, origin: Origin) -> Generator[Life]:
    """Run a process, have it answer and fail, and end it with SIGTERM."""
    folder = tmp_path_factory.mktemp("life")
    with running_emulator(folder, TMPDIR=str(folder)) as emulator:
        answers = [emulator.ask(audio) for audio in (READING, DAMAGED, origin.file("clips/silence.wav"))]
        refusals = [emulator.ask(f"{origin.url}/{path}") for path in ("files/broken/page.mp3", "cut/clips/reading.wav")]
        children = psutil.Process(emulator.process.pid).children(recursive=True)
        [spool] = folder.glob("captionfleet-emulator-*")
        spooled = list(spool.iterdir())
        emulator.process.terminate()
        stdout, _ = emulator.process.communicate(timeout=30)
        yield Life(
            status=emulator.process.returncode,
            stdout=stdout,
            stderr=(folder / "stderr.jsonl").read_text(),
            children=children,
            caption=answers[0].json()["choices"][0]["message"]["content"],
            request_ids=[response.headers["x-request-id"] for response in (*answers, *refusals)],
            spool=spool,
            spooled=spooled,
        )


def test_sigterm_is_a_clean_end(life: Life) -> None:
    """The status is 0, and after the one line at the start nothing was printed."""
    assert life.status == 0
    assert life.stdout == ""


def test_nothing_outlives_the_process(life: Life) -> None:
    """The listening processes end with the server."""
    _, alive = psutil.wait_procs(life.children, timeout=30)

    assert life.children
    assert alive == []


def test_spool_is_empty_after_each_call(life: Life) -> None:
    """Neither answers nor failures leave audio behind, and with the process the folder goes."""
    assert life.spooled == []
    assert not life.spool.exists()


def test_each_request_is_one_json_line(life: Life) -> None:
    """Whatever the media library has to say of damaged files: stderr holds one JSON object for each request."""
    lines = [json.loads(line) for line in life.stderr.splitlines()]

    assert [line["request_id"] for line in lines if line["event"] == "request"] == life.request_ids
    assert len(lines) == len(life.request_ids)


def test_logs_hold_neither_captions_nor_keys(life: Life) -> None:
    """What is said about the audio, and the key, stay out of the logs."""
    assert life.caption not in life.stderr
    assert "Bearer" not in life.stderr


def test_death_of_a_listener_is_made_good(tmp_path: Path) -> None:
    """After the listening processes were killed the next audio is heard all the same."""
    with running_emulator(tmp_path) as emulator:
        emulator.ask(READING)
        [forkserver] = [process for process in psutil.Process(emulator.process.pid).children() if process.children()]
        for listener in forkserver.children():
            listener.kill()

        response = emulator.ask(DAMAGED)

    assert response.status_code == 200


def test_ends_though_a_call_is_in_flight(tmp_path: Path) -> None:
    """A call that takes an hour does not hold up the end on Ctrl-C."""
    with running_emulator(tmp_path) as emulator:
        emulator.fault(latency=3600)
        with send(emulator, request_body(READING)):
            while not emulator.log()["in_flight"]:  # until the request has arrived
                continue
            emulator.process.send_signal(signal.SIGINT)
            status = emulator.process.wait(timeout=20)

    assert status == 0


def send(emulator: Emulator, body: object) -> socket.socket:
    """Send a request and leave it without reading the answer."""
    content = json.dumps(body).encode()
    lines = ("POST /compatible-mode/v1/chat/completions HTTP/1.1", "host: x", "authorization: Bearer key")
    head = "\r\n".join((*lines, f"content-length: {len(content)}", "", ""))
    host, port = emulator.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(head.encode() + content)
    return connection
