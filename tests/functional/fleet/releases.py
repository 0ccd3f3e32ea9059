"""Another release of the fleet, from its own history, run by the same interpreter with the same dependencies."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
BASELINE = "682164ea72fac755a0e405a57a75a24a8b94e64e"
"""The oldest commit whose processes have to get on with today's (docs/upgrades.md)."""
MEMBERS = ("schemas", "ledger", "producers", "workers")

_WHERE = "from importlib.util import find_spec; print(*(find_spec('captionfleet_' + name).origin for name in {!r}))"


@dataclass(frozen=True)
class Release:
    """Packages that a process imports, and how its programs are run."""

    pythonpath: str
    """Folders that are looked into before today's; empty for today's own."""

    def environment(self, settings: dict[str, str]) -> dict[str, str]:
        """Settings for a process of this release."""
        return settings | {"PYTHONPATH": self.pythonpath}

    def captionfleet(self, settings: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
        """Run the command line to its end, and give the JSON objects that it prints."""
        program = Path(sys.executable).with_name("captionfleet")
        output = _run([program, *arguments, "--json"], env=os.environ | self.environment(settings))
        return [json.loads(line) for line in output.splitlines()]

    def folders(self) -> list[Path]:
        """The folders that a process of this release imports its packages from."""
        where = _run([sys.executable, "-c", _WHERE.format(MEMBERS)], env=os.environ | self.environment({}))
        return [Path(file).parents[1] for file in where.split()]


TODAY = Release("")


def baseline(folder: Path) -> Release:
    """The release of `BASELINE`, unpacked into a folder."""
    packed = subprocess.run(["git", "archive", BASELINE, *MEMBERS], cwd=REPOSITORY, capture_output=True, check=False)
    assert packed.returncode == 0, (
        f"the test of rolling upgrades runs the fleet of commit {BASELINE}, which this clone does not have: fetch the "
        f"whole history (git fetch --unshallow). Git says: {packed.stderr.decode().strip()}"
    )
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    release = Release(os.pathsep.join(str(folder / member) for member in MEMBERS))
    assert release.folders() == [folder / member for member in MEMBERS], "other packages come first"
    return release


def _run(command: Sequence[str | Path], env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
