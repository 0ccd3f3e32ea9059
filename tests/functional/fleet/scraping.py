"""A worker's metrics, read as Prometheus reads them."""

import re

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.functional.fleet.process import WorkerProcess

Samples = dict[tuple[str, tuple[str, ...]], float]


def scrape_text(worker: WorkerProcess) -> str:
    """What the worker answers."""
    [port] = re.findall(r'"port": (\d+), "event": "metrics.served"', worker.log.read_text(encoding="utf-8"))
    return httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).raise_for_status().text


def scrape(worker: WorkerProcess) -> Samples:
    """Each sample of a scrape, by its name and the values of its labels in the order of their names."""
    return {
        (
            sample.name.removeprefix("captionfleet_"),
            tuple(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(scrape_text(worker))
        for sample in family.samples
    }
