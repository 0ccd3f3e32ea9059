"""Where spans go: to the collector, and through a proxy only when told."""

import pytest

from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.tracing.exporting import tracer_of
from tests.functional.fleet.collector import running_collector


@pytest.mark.parametrize("through_proxy", [False, True])
def test_a_proxy_of_the_environment_is_used_when_told(monkeypatch: pytest.MonkeyPatch, *, through_proxy: bool) -> None:
    """A proxy that somebody has set for a package manager would read every span."""
    with running_collector() as collector, running_collector() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.endpoint)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        settings = WorkerSettings(traces_endpoint=collector.endpoint, traces_proxy=through_proxy)

        with tracer_of(settings, "worker-1") as tracer:
            tracer.start_span("caption").end()

        assert [span.name for span in (proxy if through_proxy else collector).spans] == ["caption"]
        assert (collector if through_proxy else proxy).spans == []
