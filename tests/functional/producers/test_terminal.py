"""What a terminal is shown: nothing that it would obey, and no secret, by every command there is."""

import json
import os
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from urllib.request import Request, urlopen

import pytest
from kombu import Connection, Exchange, Queue

from captionfleet_ledger import Ledger, OutboxEntry
from captionfleet_producers import CaptionClient
from captionfleet_producers.cli.program import captionfleet, run
from captionfleet_producers.listener import fresh_secret
from captionfleet_schemas import AudioReference, CaptionEvent, CaptionJob, FailureCode, Webhook
from captionfleet_schemas.dead_letters import DeadLetter
from captionfleet_schemas.signature import sign
from captionfleet_schemas.wire import DEAD_QUEUE
from tests.functional.ledger.making import make_failure
from tests.functional.producers.worker import publish, say, take
from tests.servers import Server

pytestmark = pytest.mark.usefixtures("environment")

SECRET = "do-not-tell"
CONTROLS = "\x1b]0;owned\x07\x1b[2J\r\nforged  succeeded\x9b\x7f\x00\u202e\u200b\u2028"
ADDRESS = f"https://user:{SECRET}@example.com/a{CONTROLS}b.mp3?token={SECRET}&x#{SECRET}"
SENTENCE = f"no answer from {ADDRESS.replace(CONTROLS, '')}: Authorization: Bearer {SECRET}{CONTROLS}"
DATA = f"data:audio/wav;base64,{SECRET}"
HOOK = f"https://user:{SECRET}@example.com/{CONTROLS}?key={SECRET}"
HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET}
JOBS = {"hostile": ADDRESS, "inline": DATA, "bucket": f"s3://bucket/{CONTROLS}?X-Amz-Signature={SECRET}"}
WEBHOOK_SECRET = fresh_secret()

COMMANDS: dict[str, Sequence[Sequence[str]]] = {
    "submit": [
        ["submit", f"https://example.com/{SECRET[:2]}?token={SECRET}", "--again"],
        ["submit", ADDRESS, DATA, f"missing{CONTROLS}.wav".replace("\x00", ""), "--again"],
        ["submit", f"user:{SECRET}@example.com/a.mp3"],
        ["submit", DATA, "--metadata", f"show=4{CONTROLS}2"],
        ["submit", DATA, "--lane", f"x{CONTROLS}"],
    ],
    "quote": [["quote", ADDRESS, f"missing{CONTROLS}.wav".replace("\x00", "")], ["quote", ADDRESS]],
    "status": [["status"], ["status", *JOBS], ["status", f"unknown{CONTROLS}"]],
    "wait": [["wait", "hostile"], ["wait", "--stream", "hostile"], ["wait", f"unknown{CONTROLS}"]],
    "list": [["list"], ["list", "--state", "failed"], ["list", "--failure-code", CONTROLS]],
    "cancel": [["cancel", "hostile", "waiting", f"unknown{CONTROLS}"]],
    "dead": [["dead"], ["dead", "--messages"]],
    "drop": [["drop", "--all"], ["drop", f"unknown{CONTROLS}"]],
    "retry": [["retry", "bucket", f"unknown{CONTROLS}"], ["retry", f"--{CONTROLS}"], ["retry", "--messages", "--all"]],
    "pause": [["pause", "--tenant", "radio", "--reason", SENTENCE]],
    "resume": [["resume"], ["resume", "--model", f"x{CONTROLS}"]],
    "events": [["events", "--limit", "2", "--timeout", "5"]],
    "listen": [["listen", "--port", "0", "--limit", "1", "--secret", WEBHOOK_SECRET]],
}
"""How to have each command print as much as it can of the jobs here. A new command needs a line of its own."""

EVENT = CaptionEvent.model_validate(
    {
        "id": "evt_1",
        "type": f"caption.failed{CONTROLS}",
        "subject": f"hostile{CONTROLS}",
        "time": "2026-11-28T12:00:00Z",
        "data": {
            "job_id": "hostile",
            "state": "failed",
            "model": f"model{CONTROLS}",
            "metadata": {f"a{CONTROLS}": f"b{CONTROLS}"},
            "failure": {"code": "audio_unreachable", "message": SENTENCE, "remedy": SENTENCE},
            "timings": {"accepted_at": "2026-11-28T12:00:00Z", "finished_at": "2026-11-28T12:00:01Z"},
        },
    }
)


def clock() -> datetime:
    """Some moment."""
    return datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def hostile(client: CaptionClient, ledger: Ledger, server: Server) -> None:
    """A fleet whose jobs, results, deliveries, pauses, pieces and events have everything that must not be printed."""
    for job_id, url in JOBS.items():
        ledger.jobs.accept(
            CaptionJob(
                id=job_id,
                audio=AudioReference(url=url, headers=HEADERS),
                prompt=SENTENCE,
                webhook=Webhook(url=HOOK),
                metadata={f"a{CONTROLS}": f"b{CONTROLS}", "url": f"https://user:{SECRET}@example.com"},
                stream=True,
            )
        )
        claim = take(ledger, job_id)
        say(ledger, claim, f"A dog{CONTROLS} barks.\n")
        failure = make_failure(claim, FailureCode.POISONED)
        assert failure.failure is not None
        told = failure.failure.model_copy(update={"message": SENTENCE, "upstream_code": CONTROLS})
        result = failure.model_copy(update={"failure": told, "request_id": CONTROLS})
        ledger.jobs.settle(claim.lease, result, webhook_url=HOOK, job=claim.job)
    ledger.jobs.accept(CaptionJob(id="waiting", audio=AudioReference(url=ADDRESS, headers=HEADERS)))
    client.operations.pause(reason=SENTENCE)
    for event in (EVENT, EVENT.model_copy(update={"id": "evt_2"})):
        publish(server.url, OutboxEntry(event.id, "caption.failed", event.encode(), "hostile"))
    letter = DeadLetter(reason=SENTENCE, at=clock(), queue=CONTROLS, job_id=f"a{CONTROLS}", body=SENTENCE.encode())
    with Connection(server.url) as connection:
        connection.Producer().publish(
            letter.encode(), routing_key=DEAD_QUEUE, declare=[Queue(DEAD_QUEUE, Exchange(""))]
        )


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], str]:
    """Runs a command on a pseudo-terminal that is its stdout and stderr, and gives what was printed."""
    monkeypatch.setenv("TERM", "dumb")

    def shown(words: Sequence[str]) -> str:
        master, slave = os.openpty()
        drawn: list[bytes] = []
        reader = threading.Thread(target=_read, args=(master, drawn, words))
        reader.start()
        terminal = TextIOWrapper(os.fdopen(slave, "wb"), encoding="utf-8", write_through=True)
        with terminal, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            patch.setattr(sys, "stderr", terminal)
            run(words)
        reader.join()
        os.close(master)
        return b"".join(drawn).decode()

    return shown


def _read(master: int, drawn: list[bytes], words: Sequence[str]) -> None:
    delivered = words[0] != "listen"
    # The end of a pseudo-terminal is an error on Linux.
    with suppress(OSError):
        while chunk := os.read(master, 65_536):
            drawn.append(chunk)
            start = b"".join(drawn).decode()
            if not delivered and start.endswith("\n"):
                delivered = True
                _deliver(f"http://127.0.0.1:{start.rpartition('127.0.0.1:')[2].partition('/')[0]}/")


def _deliver(url: str) -> None:
    body = EVENT.encode()
    urlopen(Request(url, body, sign([WEBHOOK_SECRET], EVENT.id, int(time.time()), body)), timeout=10).close()


def unseen(printed: str) -> list[str]:
    """Characters that a terminal obeys, or that nobody sees; a terminal ends its lines with two of them."""
    text = printed.replace("\r\n", "")
    return sorted({one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}})


def test_every_command_is_looked_at() -> None:
    """A command that is added later has to be listed here, with what it prints."""
    assert set(COMMANDS) == set(captionfleet.commands)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_obeyed_and_nothing_is_told(
    screen: Callable[[Sequence[str]], str], name: str, options: Sequence[str]
) -> None:
    """No control character and no secret, whatever jobs, events and files are called; JSON stays JSON."""
    for words in COMMANDS[name]:
        printed = screen([*words, *options])

        assert printed
        assert unseen(printed) == []
        assert SECRET not in printed
        assert not any(line.startswith("forged") for line in printed.splitlines())
        if options:
            assert all(json.loads(line) for line in printed.splitlines() if line.startswith("{"))


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("words", [["list"], ["status", "hostile"], ["dead"], ["events", "--limit", "2"]])
def test_who_needs_secrets_asks_for_them(screen: Callable[[Sequence[str]], str], words: Sequence[str]) -> None:
    """With `--show-secrets` programs read every value as it is, and a terminal still has nothing to obey."""
    printed = screen([*words, "--json", "--show-secrets"])

    assert SECRET in printed
    assert unseen(printed) == []
    assert any(CONTROLS in _texts(json.loads(line)) for line in printed.splitlines())


def _texts(value: object) -> str:
    match value:
        case dict():
            return " ".join(f"{name} {_texts(one)}" for name, one in value.items())
        case list():
            return " ".join(map(_texts, value))
        case _:
            return str(value)


def test_streams_are_shown_on_one_line(
    client: CaptionClient, ledger: Ledger, screen: Callable[[Sequence[str]], str]
) -> None:
    """A line break in a caption would let it forge what follows."""
    job = client.submit("https://example.com/a.mp3", stream=True)
    claim = take(ledger, job.id)
    say(ledger, claim, f"A dog{CONTROLS}\nbarks.")
    ledger.jobs.cancel(job.id)

    printed = screen(["wait", "--stream", job.id])

    assert unseen(printed) == []
    assert "\\x1b]0;owned\\x07" in printed


def test_log_lines_and_tracebacks_are_no_way_around() -> None:
    """Libraries complain through the log, and an error that nobody foresaw repeats what it was about."""
    program = (
        "import logging, sys\n"
        "from captionfleet_producers.cli.screen import guard_other_ways\n"
        "guard_other_ways()\n"
        "logging.getLogger('kombu').warning('lost %s', sys.argv[1])\n"
        "raise ValueError(sys.argv[1])\n"
    )

    run_ = subprocess.run(
        [sys.executable, "-c", program, SENTENCE.replace("\x00", "")], capture_output=True, check=False, timeout=60
    )

    printed = run_.stderr.decode()
    assert run_.returncode == 1
    assert "lost no answer from https://…@example.com/" in printed
    assert "ValueError: no answer from" in printed
    assert unseen(printed.replace("\n", "")) == []
    assert SECRET not in printed
