"""Prometheus."""

import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import yaml

from tests.polling import until
from tests.servers.process import ServerProcess, free_port

COMMAND = shutil.which("prometheus")


@dataclass
class PrometheusServer(ServerProcess):
    """A Prometheus that scrapes every second, and evaluates its rules as often."""

    targets: Sequence[str]
    """Host and port of each."""
    rules: Path
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False), repr=False)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert COMMAND is not None
        options = {
            "config.file": str(self._configured()),
            "storage.tsdb.path": str(self.folder / "data"),
            "web.listen-address": f"127.0.0.1:{self.port}",
        }
        self._run([COMMAND, *(f"--{name}={value}" for name, value in options.items())])
        until(self._answers, f"Prometheus answers; its log is {self.log}")

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API; an answer that is an error fails the test."""
        answer = self.http.get(f"http://127.0.0.1:{self.port}/api/v1/{path}", params=parameters)
        assert answer.status_code == httpx2.codes.OK, (parameters, answer.text)
        return answer.json()["data"]

    def query(self, text: str) -> list[float]:
        """The values of all series that a query gives at this moment."""
        return [float(series["value"][1]) for series in self.ask("query", query=text)["result"]]

    def _configured(self) -> Path:
        path = self.folder / "prometheus.yml"
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self.rules)],
            "scrape_configs": [{"job_name": "captionfleet", "static_configs": [{"targets": list(self.targets)}]}],
        }
        path.write_text(yaml.safe_dump(configuration), encoding="utf-8")
        return path

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        try:
            return self.http.get(f"http://127.0.0.1:{self.port}/-/ready").is_success
        except httpx2.TransportError:
            return False


@contextmanager
def prometheus_server(folder: Path, targets: Sequence[str], rules: Path) -> Generator[PrometheusServer]:
    """The `prometheus` of the system.

    Raises:
        FileNotFoundError: there is none on the PATH.
    """
    if COMMAND is None:
        raise FileNotFoundError("prometheus is not on the PATH; Debian has it in the package prometheus")
    server = PrometheusServer(folder, free_port(), targets, rules)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        server.http.close()
