import subprocess
import sys

HEAVY = ("celery", "numpy", "openai", "pydantic", "redis")


def test_a_health_check_imports_nothing_heavy() -> None:
    """Containers check their worker every few seconds: each check may not cost what a worker's start costs."""
    program = "import sys, captionfleet_workers.main; print(*sys.modules)"

    imported = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()

    assert not set(HEAVY) & set(imported)
