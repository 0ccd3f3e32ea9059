"""The short form of the chaos run; `make chaos` runs the long one."""

from pathlib import Path

import pytest

from tests.chaos.plan import SHORT
from tests.chaos.run import run, to_stderr
from tests.servers import valkey_server


@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_is_paid_twice(tmp_path: Path) -> None:
    """Under every blow each job ends once, with its event and its webhook, and each call has its reason."""
    with valkey_server(tmp_path / "broker") as broker, valkey_server(tmp_path / "ledger") as ledger:
        sheet = run(SHORT, broker, ledger, tmp_path, to_stderr)

    assert sheet.faults == [], sheet
