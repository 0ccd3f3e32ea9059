import re
from pathlib import Path

FOLDER = Path(__file__).parent


def test_every_test_that_the_table_names_is_there() -> None:
    """A row without its test is a mistake that can be made again."""
    named = set(re.findall(r"`(test_\w+)`", (FOLDER / "README.md").read_text(encoding="utf-8")))

    there = {
        name for path in FOLDER.glob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }

    assert named
    assert named - there == set()
