"""`make bench`: measures everything in one run and prints a table."""

import os
import sys

from rich.console import Console
from rich.table import Table

from tests.benchmarks import inspecting, memory, pickup, throughput
from tests.benchmarks.stand import LATENCY_SECONDS, running_stand

console = Console(width=120)


def main() -> int:
    """Print the table; what missed its goal is marked, and the exit status stays 0: a busy machine is no failure."""
    table = Table(title=f"{throughput.SLOTS} slots, model latency {LATENCY_SECONDS:g} s, {os.cpu_count()} cores")
    for heading in ("measure", "captionfleet", "yardstick", "ratio or goal"):
        table.add_column(heading)
    with running_stand() as stand:
        console.print("The plain task …", style="dim")
        plain = throughput.plain(stand)
        console.print("The whole path …", style="dim")
        fleet = throughput.fleet(stand)
        console.print("Memory and pick-up …", style="dim")
        kept = memory.measure(stand)
        middle, tail = pickup.measure(stand)
    confined, bare = inspecting.measure()
    share, goal = fleet.share_of_ideal, throughput.SLOTS / LATENCY_SECONDS
    rows = (
        ("jobs a second, ideal rate", f"{fleet.rate:.0f}", f"{goal:.0f}", _goal(share, share >= 0.9, "≥ 0.9")),
        ("the same, plain task beside", f"{fleet.rate:.0f}", f"{plain.rate:.0f}", f"{fleet.rate / plain.rate:.2f}"),
        (
            "CPU for each job, ms",
            f"{fleet.cpu_ms:.1f}",
            f"{plain.cpu_ms:.1f}",
            _goal(fleet.cpu_ms / plain.cpu_ms, fleet.cpu_ms <= 1.5 * plain.cpu_ms, "≤ 1.5"),
        ),
        ("memory at full slots, MB", f"{fleet.memory_mb:.0f}", f"{plain.memory_mb:.0f}", ""),
        (
            "inspecting 7 s of MP3, ms of CPU",
            f"{confined:.1f}",
            f"{bare:.1f} bare",
            _goal(confined, confined <= 25, "≤ 25"),
        ),
        (
            "memory for each of 40 calls of 7 MB, MB",
            f"{kept.growth_per_call:.2f}",
            "7 MB raw",
            _goal(kept.growth_per_call, kept.growth_per_call < 2, "< 2"),
        ),
        ("acceptance to start, idle, ms", f"{middle:.1f} (p90 {tail:.1f})", "", _goal(middle, middle < 10, "< 10")),
    )
    for row in rows:
        table.add_row(*row)
    console.print(table)
    return 0


def _goal(value: float, reached: bool, goal: str) -> str:
    return f"{value:.2f} (goal {goal}{'' if reached else ', missed'})"


if __name__ == "__main__":
    sys.exit(main())
