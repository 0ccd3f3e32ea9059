"""How much of an account four workers use, by the emulator's count; its limits are ten times the documented ones."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from captionfleet_ledger import Ledger
from captionfleet_schemas import JobState
from tests.benchmarks import contenders
from tests.benchmarks.stand import Stand, running_stand
from tests.functional.emulator.process import running_emulator
from tests.functional.fleet.process import running_worker
from tests.polling import until

RPM, TPM = 600, 1_000_000
WORKERS, SLOTS = 4, 32
JOBS = 300
RAMP_SECONDS = 3.0


@dataclass(frozen=True)
class Paced:
    """What the account saw."""

    used: float
    """Calls that were accepted from the end of the ramp to the last one, as a share of those that the limit permits."""
    refused: float
    """Share of all calls that were answered 429."""
    most_in_a_second: int
    most_in_a_minute: int


def measure() -> Paced:
    """Let four workers caption short jobs on an account with limits."""
    with TemporaryDirectory(prefix="captionfleet-bench-") as name, running_stand() as stand:
        folder = Path(name)
        with running_emulator(folder, "--rpm", str(RPM), "--tpm", str(TPM)) as emulator:
            return _measure(Stand(folder, stand.server, emulator, stand.sink))


def _measure(stand: Stand) -> Paced:
    settings = contenders.fleet_settings(
        stand, SLOTS, model_rpm=str(RPM), model_tpm=str(TPM), model_ramp=str(RAMP_SECONDS)
    )
    contenders.submit(stand, settings, JOBS)
    with ExitStack() as stack:
        for number in range(WORKERS):
            stack.enter_context(running_worker(stand.folder / f"worker-{number}.log", settings))
        ledger = stack.enter_context(Ledger.connect(settings["CAPTIONFLEET_REDIS_URL"]))
        until(lambda: ledger.listing.counts()[JobState.SUCCEEDED] == JOBS, "all jobs are done", within=240)
    return _judged(stand.emulator.log())


def _judged(log: dict[str, Any]) -> Paced:
    (rates,) = log["rates"]
    moments = sorted(_moment(call) for call in log["requests"] if call["status"] == 200)
    steady = [moment for moment in moments if moment >= moments[0] + RAMP_SECONDS]
    permitted = (steady[-1] - steady[0]) * RPM / 60
    return Paced(
        used=(len(steady) - 1) / permitted,
        refused=log["by_status"].get("429", 0) / log["total"],
        most_in_a_second=rates["admitted"]["second"],
        most_in_a_minute=rates["admitted"]["minute"],
    )


def _moment(call: dict[str, Any]) -> float:
    return datetime.fromisoformat(call["at"]).timestamp()
