"""`make chaos`: thousands of jobs while workers are killed, brokers and ledgers restart, and the model stumbles."""

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.plan import LONG, Blow
from tests.chaos.run import run, to_stderr
from tests.servers import RabbitServer, Server, rabbitmq_server, redis_server, valkey_server

Starter = Callable[[Path], AbstractContextManager[Server | RabbitServer]]
SERVERS: dict[str, Starter] = {"valkey": valkey_server, "redis": redis_server, "rabbitmq": rabbitmq_server}


def main() -> int:
    """Run the long form; the exit status is 0 when no promise was broken."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--broker", choices=list(SERVERS), default="valkey", help="what the queues live in")
    parser.add_argument("--jobs", type=int, default=LONG.jobs)
    parser.add_argument("--kills", type=int, default=LONG.blows[Blow.KILL_WORKER], help="workers that are killed")
    parser.add_argument("--workers", type=int, default=LONG.workers, help="workers at the same time")
    parser.add_argument("--slots", type=int, default=LONG.slots, help="jobs that a worker has in hand")
    parser.add_argument("--seed", type=int, default=LONG.seed, help="the same seed gives the same blows")
    options = parser.parse_args()
    plan = replace(
        LONG,
        jobs=options.jobs,
        blows={**LONG.blows, Blow.KILL_WORKER: options.kills},
        workers=options.workers,
        slots=options.slots,
        seed=options.seed,
    )
    with TemporaryDirectory(prefix="captionfleet-chaos-") as name:
        folder = Path(name)
        with SERVERS[options.broker](folder / "broker") as broker, valkey_server(folder / "ledger") as ledger:
            sheet = run(plan, broker, ledger, folder, to_stderr)
    for fault in sheet.faults:
        sys.stdout.write(f"BROKEN: {fault}\n")
    return 1 if sheet.faults else 0


if __name__ == "__main__":
    sys.exit(main())
