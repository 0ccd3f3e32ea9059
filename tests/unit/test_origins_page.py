"""`docs/origins-and-files.md` names tests: each of them exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "origins-and-files.md"
LINES = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip()[:40])
def test_kind_is_played(line: str) -> None:
    """A line of the table ends with a test that a module of this repository has."""
    named = TEST.search(line)

    assert named, line
    module = ast.parse((ROOT / named[1]).read_text())
    assert named[2] in {part.name for part in module.body if isinstance(part, ast.FunctionDef)}


def test_the_page_has_its_kinds() -> None:
    """The table was read, and not an empty page."""
    assert len(LINES) > 30
