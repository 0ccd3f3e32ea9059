import json
import re
import subprocess

import pytest

from captionfleet_emulator.main import main
from tests.functional.emulator.process import AUDIO, COMMAND, Emulator, data_url

READING = data_url(AUDIO / "clips" / "reading.wav")


def status_of(*arguments: str) -> object:
    """Run the command line in this process and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


def test_faults_from_the_command_line(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule is switched on, listed, and cleared by commands."""
    added = status_of("fault", "--url", emulator.url, "--status", "429", "--code", "limit_requests", "--times", "1")
    rule = json.loads(capsys.readouterr().out)
    struck = emulator.ask(READING).status_code
    listed = status_of("faults", "--url", emulator.url)
    rules = json.loads(capsys.readouterr().out)["faults"]
    cleared = status_of("faults", "--url", emulator.url, "--clear")

    assert [added, listed, cleared] == [0, 0, 0]
    assert rule["left"] == 1
    assert struck == 429
    assert rules[0]["struck"] == 1
    assert emulator.http.get("/admin/faults").json()["faults"] == []


def test_one_fault_is_removed_from_the_command_line(emulator: Emulator) -> None:
    """Removing names the rule; a name that is unknown is a failure."""
    emulator.fault(id="mine", drop=True)

    removed = status_of("faults", "--url", emulator.url, "--remove", "mine")
    unknown = status_of("faults", "--url", emulator.url, "--remove", "mine")

    assert [removed, unknown] == [0, 1]


def test_request_log_from_the_command_line(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """The log is printed as JSON, and emptied on demand."""
    emulator.ask("nowhere")

    printed = status_of("requests", "--url", emulator.url)
    log = json.loads(capsys.readouterr().out)
    emptied = status_of("requests", "--url", emulator.url, "--clear")

    assert [printed, emptied] == [0, 0]
    assert log["by_code"] == {"invalid_parameter_error": 1}
    assert emulator.log()["total"] == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "many"], "port: .*integer"),
        (["--latency", "-1"], "latency: .*greater than or equal to 0"),
        (["fault", "--times", "2"], "a fault needs an effect"),
        (["fault", "--status", "200"], "status: .*greater than or equal to 400"),
        (["dance"], "dance"),
    ],
)
def test_wrong_usage(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong options end with status 2 and a line that names them."""
    status = status_of(*arguments)

    assert status == 2
    assert re.search(complaint, capsys.readouterr().err)


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Steering an emulator that is not there fails with a clear line."""
    status = status_of("requests", "--url", "http://127.0.0.1:9")

    assert status == 1
    assert "no emulator answers at http://127.0.0.1:9" in capsys.readouterr().err


def test_help_teaches() -> None:
    """The help shows how to point a client at the emulator, and every setting."""
    done = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True)

    assert "compatible-mode/v1" in done.stdout
    assert "--latency-per-output-token" in done.stdout
    assert "CAPTIONFLEET_EMULATOR_" in done.stdout
