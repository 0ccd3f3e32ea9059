"""A service that installs the client gets neither the model's SDK nor a media library with it."""

import subprocess
import sys

import pytest

HEAVY = {"aiohttp", "av", "botocore", "fsspec", "numpy", "openai", "captionfleet_workers", "captionfleet_emulator"}
PROGRAM = """
import sys
{imports}
print(sorted({heavy!r} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import captionfleet_producers",
        "import captionfleet_producers as p; [getattr(p, name) for name in p.__all__]",
        "import captionfleet_ledger",
        "import captionfleet_schemas.documents",
    ],
    ids=["package", "every public name", "ledger", "schemas"],
)
def test_import_brings_in_nothing_heavy(imports: str) -> None:
    """Seen in a process of its own, where nothing else has been imported."""
    program = PROGRAM.format(imports=imports, heavy=HEAVY)

    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert finished.stdout.strip() == "[]"
