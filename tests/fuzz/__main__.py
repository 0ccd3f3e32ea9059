"""`make fuzz`: prints how many files ended in which way. Exit status 1 when one ended in none that is foreseen."""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.fuzz.run import Balance, left_behind, run
from tests.fuzz.seeds import seeds

console = Console(width=120)


def main() -> int:
    """Run, showing progress, and print the balance."""
    wishes = _wishes()
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


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--files", type=int, default=2000, help="how many broken files")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no further file after so long")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
