"""Write the dashboards where the chart and compose take them from, or say whether they are current: `[--check]`."""

import json
import sys
from pathlib import Path

from compose.dashboards.fleet import FLEET
from compose.dashboards.grafana import dashboard_json
from compose.dashboards.health import HEALTH
from compose.dashboards.model import MODEL

FOLDER = Path(__file__).parents[2] / "helm/captionfleet/monitoring/dashboards"


def main() -> int:
    """The exit status is 1 if a check finds that a file is not current."""
    texts = {
        FOLDER / f"{dashboard.name}.json": f"{json.dumps(dashboard_json(dashboard), indent=1)}\n"
        for dashboard in (FLEET, MODEL, HEALTH)
    }
    if "--check" in sys.argv:
        stale = {path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text}
        for path in sorted(stale):
            sys.stderr.write(f"{path.name} is not current; run `make docs`\n")
        return 1 if stale else 0
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
