"""What the emulator's models tell anybody: nothing."""

import os
import subprocess
import sys
from pathlib import Path

LISTEN = """
from captionfleet_emulator.listen.ears import ears
from captionfleet_emulator.listen.listener import Listener
assert ears(Listener.FULL).speech
"""


def test_models_leave_no_identifier(tmp_path: Path) -> None:
    """A model that reported to its maker would keep an identifier of the device and a file of the session."""
    # Its makers switch reports off in CI; this process is told that it is not in one.
    environment = {
        name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS", "TF_BUILD"}
    }
    home = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    subprocess.run([sys.executable, "-B", "-c", LISTEN], env=environment | home, cwd=tmp_path, check=True)

    assert list(tmp_path.rglob("*")) == []
