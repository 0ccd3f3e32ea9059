"""Play what pools are scaled by; exit status is promtool's."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.deploy.chart import SCALED, of_kind, render

PLAYED = Path(__file__).parent / "load_test.yaml"


def main() -> int:
    """Every case of load_test.yaml, on the rules that the chart makes."""
    rules = of_kind(render(SCALED["hpa"]), "PrometheusRule")[0]["spec"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PLAYED, folder)
        (Path(folder) / "load.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
        return subprocess.run(["promtool", "test", "rules", PLAYED.name], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
