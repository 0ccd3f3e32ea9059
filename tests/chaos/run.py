"""Carries out a plan against real processes, and draws up the balance sheet."""

import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from random import Random

from captionfleet_producers import CaptionClient, Submission
from tests.chaos.audio import Clip, clip
from tests.chaos.balance import BalanceSheet, Damage, balance
from tests.chaos.blows import Fist
from tests.chaos.history import described
from tests.chaos.observing import observe
from tests.chaos.plan import Blow, Plan
from tests.chaos.surroundings import surroundings
from tests.chaos.waiting import Say, Watch
from tests.chaos.workforce import Workforce
from tests.functional.fleet.fleet import client_for
from tests.ledger_keys import ledger_keys
from tests.servers import RabbitServer, Server


def run(plan: Plan, broker: Server | RabbitServer, ledger: Server, folder: Path, say: Say) -> BalanceSheet:
    """Carry out a plan and draw up the balance sheet.

    Raises:
        StuckError: jobs or webhooks do not come to an end.
    """
    log = folder / "workers.log"
    with ExitStack() as stack:
        around = stack.enter_context(surroundings(plan, broker, ledger, folder))
        client = stack.enter_context(client_for(around.direct))
        workforce = Workforce(around.for_workers(plan), log, client, stack.enter_context(ledger_keys(ledger.url)))
        with workforce.at_work(plan.workers):
            jobs = _bombard(plan, client, around.webhook_url, Fist(around, workforce, Random(plan.seed)), say)
            watch = Watch(client, list(jobs), log, say)
            watch.until_ended()
            watch.until_delivered()
        accounts = observe(around, client, jobs, log, workforce.struck)
        sheet = balance(accounts, around.emulator.log()["total"], _damage(plan))
        unexplained = [job for job, account in accounts.items() if account.unexplained or account.is_miscounted]
        for line in described(client, unexplained, log):
            say(line)
    say(f"{workforce.restarted} workers ended by themselves and were started again")
    say(str(sheet))
    return sheet


def _bombard(plan: Plan, client: CaptionClient, webhook_url: str, fist: Fist, say: Say) -> dict[str, str]:
    """Submit some jobs before each blow, so that each strikes a fleet at work. Returns the audio's hash by job id."""
    random, pause = Random(plan.seed), threading.Event()
    blows = plan.order()
    jobs: dict[str, str] = {}
    for number, blow in enumerate(blows, start=1):
        clips = [clip(one) for one in range(len(jobs), plan.jobs * number // len(blows))]
        jobs.update(_submit(client, clips, webhook_url))
        pause.wait(random.uniform(0.5, 1.5) * plan.pause)
        say(f"blow {number} of {len(blows)}, {len(jobs)} jobs: {blow}")
        fist.strike(blow)
    return jobs


def _submit(client: CaptionClient, clips: list[Clip], webhook_url: str) -> dict[str, str]:
    outcomes = client.submit_many(Submission(audio=one.url, webhook=webhook_url) for one in clips)
    return {outcome.unwrap().id: one.sha256 for outcome, one in zip(outcomes, clips, strict=True)}


def _damage(plan: Plan) -> Damage:
    return Damage(
        kills=plan.blows[Blow.KILL_WORKER],
        model_resets=plan.blows[Blow.RESET_MODEL],
        workers=plan.workers,
        slots=plan.slots,
    )


def to_stderr(line: str) -> None:
    """Progress, for a person who waits."""
    sys.stderr.write(line + "\n")
