"""`captionfleet-worker`: a process that works on caption jobs and webhook deliveries, or a look at one."""

import argparse
import os
import sys
from collections.abc import Mapping

from captionfleet_workers.liveness import check, check_ready

DESCRIPTION = """\
Works on caption jobs and webhook deliveries until it is told to stop (SIGTERM, Ctrl-C): it then takes no new work, lets
calls finish within CAPTIONFLEET_WORKER_GRACE seconds, and hands the rest back. A second Ctrl-C, SIGQUIT or SIGUSR2 has
it hand back at once. It is configured by CAPTIONFLEET_* variables alone; the least that it needs is
CAPTIONFLEET_BROKER_URL, CAPTIONFLEET_REDIS_URL and, for the real model, CAPTIONFLEET_MODEL_API_KEY (or
DASHSCOPE_API_KEY). The two options below override their variables.
"""


INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C has ended."""


def main(arguments: list[str] | None = None) -> None:
    """Run a worker; the exit status is 0 after SIGTERM, 130 after Ctrl-C, 1 if it could not start or work on."""
    options = _parser().parse_args(arguments)
    if options.check_ready:
        sys.exit(check_ready({**os.environ}))
    if options.check:
        sys.exit(check({**os.environ}))
    chosen = {"worker_queues": options.queues, "worker_concurrency": options.concurrency}
    try:
        sys.exit(_serve({name: value for name, value in chosen.items() if value is not None}))
    except KeyboardInterrupt:
        # Before the worker has its own answer to Ctrl-C it has no work in hand.
        sys.exit(INTERRUPTED)


def _serve(chosen: Mapping[str, object]) -> int:
    # A check runs every few seconds: what only a worker needs takes a second of a core to import.
    from captionfleet_workers.serving import serve

    return serve(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="captionfleet-worker", description=DESCRIPTION)
    parser.add_argument("--queues", help="queues to work on, comma-separated (CAPTIONFLEET_WORKER_QUEUES)")
    parser.add_argument("--concurrency", type=int, help="jobs in flight (CAPTIONFLEET_WORKER_CONCURRENCY)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="start nothing; exit with 0 if the worker of these settings shows progress, else 1 "
        "(CAPTIONFLEET_WORKER_LIVENESS_FILE)",
    )
    parser.add_argument(
        "--check-ready",
        action="store_true",
        help="likewise; 0 only if it also takes jobs, which it does not while it stands aside for a fault of its "
        "machine",
    )
    return parser
