"""The short form of the chaos run; `make chaos` runs the long one."""

from pathlib import Path

import pytest

from tests.chaos.conductor import run, to_stderr
from tests.chaos.plan import SHORT
from tests.servers import valkey_server


@pytest.mark.timeout(300)
def test_nothing_is_lost(tmp_path: Path) -> None:
    """Under kills, restarts and resets each job ends once, with one result, its event and its webhook."""
    with valkey_server(tmp_path / "broker") as broker, valkey_server(tmp_path / "ledger") as ledger:
        sheet = run(SHORT, broker, ledger, tmp_path, to_stderr)

    assert sheet.faults == [], sheet
    assert sheet.calls_lost_to_kills <= SHORT.concurrency * (SHORT.kills + SHORT.stops), sheet
