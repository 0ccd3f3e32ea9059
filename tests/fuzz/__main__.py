"""`make fuzz`: how many broken files, or messages, ended in which way. Exit status 1 if one ended otherwise."""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.fuzz.fleets import BROKERS, fleet_on
from tests.fuzz.queue import run as run_messages
from tests.fuzz.run import Balance, left_behind, run
from tests.fuzz.seeds import seeds

console = Console(width=120)


def main() -> int:
    """Run, showing progress, and print what came of it."""
    wishes = _wishes()
    return _messages(wishes) if wishes.messages else _files(wishes)


def _files(wishes: argparse.Namespace) -> int:
    balance = Balance()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as made,
        Progress(console=console) as bar,
    ):
        task = bar.add_task(f"seed {wishes.seed}", total=wishes.files)
        contents = seeds(Path(made))
        for balance in run(Path(folder), contents, seed=wishes.seed, files=wishes.files, seconds=wishes.minutes * 60):
            bar.update(task, completed=balance.files)
        left = [*left_behind(), *(path.name for path in Path(folder).iterdir())]
    for verdict, count in balance.verdicts.most_common():
        console.print(f"{count:7}  {verdict}")
    console.print(
        f"{balance.files} files, slowest {balance.slowest_seconds:.1f} s, "
        f"unforeseen {balance.unexpected or 0}, left behind {left or 0}"
    )
    return int(bool(balance.unexpected or balance.hangs or left))


def _messages(wishes: argparse.Namespace) -> int:
    faults: list[str] = []
    for broker in wishes.broker or BROKERS:
        with tempfile.TemporaryDirectory() as folder, fleet_on(broker, Path(folder)) as fleet:
            sheet = run_messages(fleet, broker, messages=wishes.messages, seed=wishes.seed, say=_say)
        for line in sheet.lines():
            console.print(line, markup=False)
        faults += [f"{broker}: {fault}" for fault in sheet.faults]
    for fault in faults:
        console.print(f"BROKEN: {fault}", markup=False)
    return int(bool(faults))


def _say(line: str) -> None:
    console.print(line, markup=False, style="dim")


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--files", type=int, default=2000, help="how many broken files")
    parser.add_argument("--messages", type=int, default=0, help="instead of files: how many broken messages")
    parser.add_argument("--broker", choices=list(BROKERS), action="append", help="with --messages; default: each")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no further file after so long")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
