"""Build the images, look at each, and run the stack on each broker; exit status 1 if anything is wrong."""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

from tests.containers import engine, images, monitoring, stack

BROKERS = {
    "valkey": {"COMPOSE_PROFILES": "emulator,monitoring", "BROKER": "valkey"},
    "rabbitmq": {"COMPOSE_PROFILES": "emulator,monitoring,rabbitmq", "BROKER": "rabbitmq"},
}

STEPS = {
    "comes up healthy": stack.comes_up,
    "captions the clips": stack.captions_the_clips,
    "Flower asks for a login": stack.flower_asks_for_a_login,
    "the data has no way out": stack.backend_is_shut,
    "Prometheus has the rules and sees the workers": monitoring.rules_and_workers,
    "Prometheus sees more workers": monitoring.more_workers,
    "a killed worker loses nothing": stack.loses_nothing,
}


def main() -> int:
    """Run every check in order; what is up is taken down whatever happens."""
    options = _parser().parse_args()
    if any(engine.leftovers().values()):
        sys.stderr.write("A stack of this project is there already: take it down first.\n")
        return 2
    if options.build:
        engine.compose("--profile", "*", "build")
    good = [_report(f"the image of {name}", partial(images.faults_of, name)) for name in images.SERVICES]
    for broker in options.brokers:
        good += _lives(broker)
    return 0 if all(good) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.containers", description=__doc__)
    parser.add_argument("--no-build", dest="build", action="store_false", help="the images are there already")
    parser.add_argument("--brokers", nargs="+", choices=BROKERS, default=list(BROKERS))
    return parser


def _lives(broker: str) -> list[bool]:
    environment = BROKERS[broker]
    try:
        good = [_report(f"{broker}: {name}", partial(step, environment)) for name, step in STEPS.items()]
    finally:
        down = _report(f"{broker}: goes down", partial(stack.goes_down, environment))
    return [*good, down]


def _report(name: str, check: Callable[[], list[str]]) -> bool:
    began = time.monotonic()
    faults = check()
    sys.stdout.write(f"{name}: {'; '.join(faults) or 'ok'} ({time.monotonic() - began:.1f} s)\n")
    sys.stdout.flush()
    return not faults


if __name__ == "__main__":
    sys.exit(main())
