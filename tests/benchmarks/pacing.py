"""How much of an account four workers use, by the emulator's count, and whom they let come ahead of its call."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient, Lane, Submission
from captionfleet_schemas import CaptionResult, JobState
from tests.benchmarks import contenders
from tests.benchmarks.stand import Stand, running_stand
from tests.functional.emulator.process import running_emulator
from tests.functional.fleet.process import running_worker
from tests.polling import until

WORKERS, JOBS = 4, 300
LATE = JOBS // 3
"""After so many calls an interactive job comes."""


@dataclass(frozen=True)
class Account:
    """What it allows, and the fleet that uses it."""

    rpm: int
    tpm: int
    ramp: float
    """Seconds."""
    slots: int
    """Of each worker."""

    @property
    def seconds(self) -> float:
        """In which all jobs should be done, and as many again."""
        return 60 + 2 * JOBS * 60 / self.rpm


DOCUMENTED = Account(rpm=60, tpm=100_000, ramp=15, slots=250)
TENFOLD = Account(rpm=600, tpm=1_000_000, ramp=3, slots=32)


@dataclass(frozen=True)
class Paced:
    """What the account and the queue saw."""

    used: float
    """Calls that were accepted from the end of the ramp to the last one, as a share of those that the limit permits."""
    refused: float
    """Share of all calls that were answered 429."""
    most_in_a_second: int
    most_in_a_minute: int
    most_out_of_queue: int
    """Jobs that workers held at the same time, those at their calls among them."""
    late_slots: float
    """How many calls' time an interactive job that came late waited for its permit, once it was ready."""


def measure(account: Account) -> Paced:
    """Let four workers caption short jobs on an account with limits."""
    with TemporaryDirectory(prefix="captionfleet-bench-") as name, running_stand() as stand:
        folder = Path(name)
        with running_emulator(folder, "--rpm", str(account.rpm), "--tpm", str(account.tpm)) as emulator:
            return _measure(Stand(folder, stand.server, emulator, stand.sink), account)


def _measure(stand: Stand, account: Account) -> Paced:
    settings = contenders.fleet_settings(
        stand, account.slots, model_rpm=str(account.rpm), model_tpm=str(account.tpm), model_ramp=str(account.ramp)
    )
    held = [0]
    with ExitStack() as stack:
        client = stack.enter_context(contenders.client_of(settings))
        ledger = stack.enter_context(Ledger.connect(settings["CAPTIONFLEET_REDIS_URL"]))
        _submit(client, stand)
        for number in range(WORKERS):
            stack.enter_context(running_worker(stand.folder / f"worker-{number}.log", settings))

        def has_done(jobs: int) -> bool:
            counts = ledger.listing.counts()
            held.append(counts[JobState.RUNNING])
            return counts[JobState.SUCCEEDED] >= jobs

        until(lambda: has_done(LATE), "a third of the jobs are done", within=account.seconds)
        urgent = client.submit(f"{stand.sink}/late.mp3", tenant="desk")
        until(lambda: has_done(JOBS + 1), "all jobs are done", within=account.seconds)
        late = client.wait(urgent.id, timeout=1)
    return _judged(stand.emulator.log(), account, held, late)


def _submit(client: CaptionClient, stand: Stand) -> None:
    archive = Submission(audio=f"{stand.sink}/a.mp3", lane=Lane.BULK, tenant="archive")
    for outcome in client.submit_each(archive for _ in range(JOBS)):
        outcome.unwrap()


def _judged(log: dict[str, Any], account: Account, held: Sequence[int], late: CaptionResult) -> Paced:
    (rates,) = log["rates"]
    moments = sorted(_moment(call) for call in log["requests"] if call["status"] == 200)
    steady = [moment for moment in moments if moment >= moments[0] + account.ramp]
    permitted = (steady[-1] - steady[0]) * account.rpm / 60
    return Paced(
        used=(len(steady) - 1) / permitted,
        refused=log["by_status"].get("429", 0) / log["total"],
        most_in_a_second=rates["admitted"]["second"],
        most_in_a_minute=rates["admitted"]["minute"],
        most_out_of_queue=max(held),
        late_slots=late.timings.steps["pace"] * account.rpm / 60,
    )


def _moment(call: dict[str, Any]) -> float:
    return datetime.fromisoformat(call["at"]).timestamp()
