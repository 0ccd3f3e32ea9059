"""A collector of traces that is away costs spans, and nothing else."""

import pytest

from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.servers import free_port


def test_collector_that_is_away(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are captioned all the same, and the worker stops when it is told to."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with fleet.worker(traces_endpoint=f"http://127.0.0.1:{free_port()}/v1/traces") as worker:
        result = fleet.finish(fleet.client.submit(AUDIO / "clips" / "reading.wav").id)
        status = worker.stop()

    assert result.caption
    assert status == 0
