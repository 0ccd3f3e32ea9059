"""How long an idle worker takes from a job's acceptance to its start, by the ledger's clock."""

from statistics import median, quantiles

from tests.benchmarks import contenders
from tests.benchmarks.stand import SMALL_AUDIO, Stand

JOBS = 30


def measure(stand: Stand) -> tuple[float, float]:
    """Median and 90th percentile, in milliseconds."""
    settings = contenders.fleet_settings(stand, 8, database=6, file_roots=str(SMALL_AUDIO.parent))
    with contenders.running_fleet_worker(stand, settings), contenders.client_of(settings) as client:
        waits: list[float] = []
        for _ in range(JOBS):
            result = client.wait(client.submit(SMALL_AUDIO.as_uri()).id, timeout=30)
            assert result.timings.started_at
            waits.append((result.timings.started_at - result.timings.accepted_at).total_seconds() * 1000)
    return median(waits), quantiles(waits, n=10)[8]
