"""`make bench`: measures everything in one run and prints a table of each part; `ARGS=backlog` asks for that part.

`ARGS=real-pace` and `ARGS=outage` are run when asked for only, as they take many minutes: an account as documented, in
its own time, and a minute without the service, in each of five ways.
"""

import os
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks import backlog, bombs, inspecting, media, memory, outage, pacing, pickup, scaling, throughput
from tests.benchmarks.media import Media
from tests.benchmarks.memory import Memory
from tests.benchmarks.stand import LATENCY_SECONDS, running_stand
from tests.benchmarks.throughput import Throughput

console = Console(width=120)


Row = tuple[str, str, str, str]


def main(parts: Sequence[str]) -> int:
    """Print the tables; what missed its goal is marked, and the exit status stays 0: a busy machine is no failure."""
    for part in parts or PARTS:
        console.print((PARTS | LONG_PARTS)[part]())
    return 0


def _work() -> Table:
    with running_stand() as stand:
        console.print("The plain task …", style="dim")
        plain = throughput.plain(stand)
        console.print("The whole path …", style="dim")
        fleet = throughput.fleet(stand)
        console.print("Memory and pick-up …", style="dim")
        rows = [*_throughput(fleet, plain), _memory(memory.measure(stand)), _pickup(*pickup.measure(stand))]
    rows.append(_inspecting(*inspecting.measure()))
    return _table(f"{throughput.SLOTS} slots, model latency {LATENCY_SECONDS:g} s, {os.cpu_count()} cores", rows)


def _backlog() -> Table:
    console.print("A long backlog …", style="dim")
    sweeps, steps = backlog.measure()
    return _table(f"{backlog.MANY:,} jobs waiting", [*_sweeps(sweeps), *_steps(steps)])


def _bombs() -> Table:
    console.print("Bombs …", style="dim")
    alone, behind, last = bombs.measure()
    rows = [
        ("a short file, s", f"{behind:.2f}", f"{alone:.2f} alone", "one inspection more at most"),
        ("until the last bomb is dealt with, s", f"{last:.0f}", "", ""),
    ]
    return _table(f"{bombs.BOMBS} files of 1 MB that unpack to {bombs.HOURS} hours of {bombs.CHANNELS} channels", rows)


def _scaling() -> Table:
    console.print("Scaling out …", style="dim")
    with running_stand() as stand:
        rows = _scaled(*scaling.measure(stand))
    return _table(f"Worker processes of {scaling.SLOTS} slots, model latency {LATENCY_SECONDS:g} s", rows)


def _long_audio() -> Table:
    console.print("Long audio …", style="dim")
    return _table("Long audio in media children", _media(media.measure()))


def _pace(account: pacing.Account = pacing.TENFOLD) -> Table:
    console.print("The pace …", style="dim")
    slots, calls = (
        f"{pacing.WORKERS * account.slots:,} slots",
        f"{account.rpm} calls and {account.tpm:,} tokens a minute",
    )
    title = f"{pacing.WORKERS} workers with {slots}, {pacing.JOBS} jobs, {calls}"
    return _table(title, _paced(pacing.measure(account), account))


def _outage() -> Table:
    rows = []
    for kind in outage.KINDS:
        console.print(f"A minute of {kind} …", style="dim")
        rows += _passed(kind, outage.measure(kind))
    title = f"{outage.WORKERS} workers with {outage.SLOTS} slots, {outage.JOBS} jobs, a minute without the service"
    return _table(title, rows)


def _passed(kind: str, seen: outage.Passed) -> list[Row]:
    return [
        (f"{kind}: jobs that failed", str(seen.failed), "", _most(seen.failed, 0)),
        (f"{kind}: calls in that minute", str(seen.calls), "", _most(seen.calls, outage.MOST_CALLS)),
        (f"{kind}: attempts of a job, at most", str(seen.attempts), "", _most(seen.attempts, 1)),
        (f"{kind}: s to the next caption, and to the last", f"{seen.first_after:.0f}, {seen.all_after:.0f}", "", ""),
    ]


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title)
    for heading in ("measure", "captionfleet", "yardstick", "ratio or goal"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*row)
    return table


def _throughput(fleet: Throughput, plain: Throughput) -> list[Row]:
    ideal = throughput.SLOTS / LATENCY_SECONDS
    ratio = fleet.cpu_ms / plain.cpu_ms
    return [
        ("jobs a second, ideal rate", f"{fleet.rate:.0f}", f"{ideal:.0f}", _least(fleet.share_of_ideal, 0.9)),
        ("the same, plain task beside", f"{fleet.rate:.0f}", f"{plain.rate:.0f}", f"{fleet.rate / plain.rate:.2f}"),
        ("CPU for each job, ms", f"{fleet.cpu_ms:.1f}", f"{plain.cpu_ms:.1f}", _most(ratio, 1.5)),
        ("memory at full slots, MB", f"{fleet.memory_mb:.0f}", f"{plain.memory_mb:.0f}", ""),
    ]


def _memory(kept: Memory) -> Row:
    growth = kept.growth_per_call
    return "memory for each of 40 calls of 7 MB, MB", f"{growth:.2f}", "7 raw", _most(growth, 2)


def _pickup(middle: float, tail: float) -> Row:
    return "acceptance to start, idle, ms", f"{middle:.1f} (p90 {tail:.1f})", "", _most(middle, 10)


def _inspecting(confined: float, bare: float) -> Row:
    return "inspecting 7 s of MP3, ms of CPU", f"{confined:.1f}", f"{bare:.1f} unconfined", _most(confined, 25)


def _sweeps(seen: backlog.Sweeps) -> list[Row]:
    percent = (seen.clients + seen.server) * 100
    cost = f"{percent:.2f} ({seen.clients * 100:.2f} in the workers, the rest in the ledger)"
    return [
        (f"sweeps of {backlog.PROCESSES} workers, % of one core", cost, "", _most(percent, 1)),
        ("second messages that they sent", str(seen.second_messages), "", _most(seen.second_messages, 0)),
    ]


def _steps(seen: backlog.Steps) -> list[Row]:
    return [
        (f"{name}, ms", f"{many:.3f}", f"{few:.3f} with {backlog.FEW} waiting", _most(many / few, 1.2))
        for name, (few, many) in (("claim", seen.claim), ("settlement", seen.settle))
    ]


def _scaled(free: Sequence[scaling.Scaled], limited: scaling.Scaled) -> list[Row]:
    one = free[0]
    rates = [
        (
            f"jobs a second, {seen.workers} worker{'s' if seen.workers > 1 else ''}",
            f"{seen.rate:.1f} ({seen.cpu_ms:.1f} ms of CPU a job)",
            f"{one.rate * seen.workers:.1f}, {seen.workers} times one",
            _least(seen.rate / one.rate / seen.workers, 0.9),
        )
        for seen in free
    ]
    limit = scaling.LIMITED_RATE
    what = f"jobs a second, {limited.workers} workers, limit {limit:g}"
    return [*rates, (what, f"{limited.rate:.1f}", f"{limit:g}", _least(limited.rate / limit, 0.9))]


def _paced(seen: pacing.Paced, account: pacing.Account) -> list[Row]:
    percent = f"{seen.used * 100:.1f}"
    return [
        ("permitted rate used after the ramp, %", percent, "", _least(seen.used, 0.95)),
        ("calls answered 429, %", f"{seen.refused * 100:.1f}", "", _most(seen.refused, 0.01)),
        ("most calls in any second", str(seen.most_in_a_second), "", _most(seen.most_in_a_second, account.rpm / 60)),
        ("most calls in any minute", str(seen.most_in_a_minute), "", _most(seen.most_in_a_minute, account.rpm)),
        ("most jobs out of the queue", str(seen.most_out_of_queue), "", _most(seen.most_out_of_queue, 2 * account.rpm)),
        ("slots that a late interactive job waited", f"{seen.late_slots:.1f}", "", _most(seen.late_slots, 2)),
    ]


def _media(found: Media) -> list[Row]:
    cpu, beside = found.inspect.cpu_seconds + found.transcode.cpu_seconds, found.ffmpeg_cpu_seconds
    peak, growth = max(found.inspect.peak_mb, found.transcode.peak_mb), found.hours.peak_mb - found.minute.peak_mb
    parts = f"{found.inspect.cpu_seconds:.1f} + {found.transcode.cpu_seconds:.1f}"
    return [
        (
            "inspect + transcode 40 minutes, s of CPU",
            parts,
            f"{beside:.1f} ffmpeg" if beside else "ffmpeg is not installed",
            _most(cpu / beside, 2) if beside else "left out",
        ),
        ("child's memory, 40 minutes, MB", f"{peak:.0f}", "", _most(peak, 100)),
        (
            "child's memory, 10 hours of 1.15 GB, MB",
            f"{found.hours.peak_mb:.0f}, cutting {found.cut_hours.peak_mb:.0f}",
            f"{found.minute.peak_mb:.0f} for a minute",
            f"+{growth:.1f}",
        ),
        (
            "last 10 minutes of 10 hours, s of CPU",
            f"{found.last_part_entered.cpu_seconds:.2f}",
            f"{found.last_part.cpu_seconds:.2f} from the beginning",
            f"{found.last_part_entered.cpu_seconds / found.last_part.cpu_seconds:.2f}",
        ),
        ("samples lost or repeated by splitting", str(found.lost_samples), "", _most(found.lost_samples, 0)),
    ]


def _least(value: float, goal: float) -> str:
    return f"{value:.2f}, goal ≥ {goal:g}{'' if value >= goal else ': missed'}"


def _most(value: float, goal: float) -> str:
    return f"{value:.2f}, goal ≤ {goal:g}{'' if value <= goal else ': missed'}"


PARTS: dict[str, Callable[[], Table]] = {
    "work": _work,
    "backlog": _backlog,
    "bombs": _bombs,
    "scaling": _scaling,
    "audio": _long_audio,
    "pace": _pace,
}
LONG_PARTS: dict[str, Callable[[], Table]] = {"real-pace": lambda: _pace(pacing.DOCUMENTED), "outage": _outage}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
