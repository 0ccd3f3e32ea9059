"""The scripts as they are sent to the server."""

import hashlib
import re
from importlib.resources import files

import pytest

from captionfleet_ledger.lua import load_scripts

SCRIPTS = load_scripts()
FOLDER = files("captionfleet_ledger") / "scripts"


def test_each_file_is_a_script() -> None:
    """All but the prelude, which stands in front of each."""
    names = {entry.name.removesuffix(".lua") for entry in FOLDER.iterdir()}
    prelude = (FOLDER / "prelude.lua").read_text("utf-8")

    assert set(SCRIPTS) == names - {"prelude"}
    assert all(script.source.partition("\n")[2].startswith(prelude) for script in SCRIPTS.values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_what_it_does(name: str) -> None:
    """It opens with what it may do on a full server; then what it does, its KEYS, its ARGV and what it returns."""
    text = (FOLDER / f"{name}.lua").read_text("utf-8")

    opening = (
        r"#!lua( flags=(no-writes|allow-oom))?\n--\[\[\n[A-Z].*\nKEYS +\[1\].*\nARGV +\[1\] time.*\nReturns  .*\]\]\n"
    )
    assert re.match(opening, text, re.DOTALL)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_known_by_its_text(name: str) -> None:
    """The server computes the same name."""
    script = SCRIPTS[name]

    assert script.sha == hashlib.sha1(script.source.encode()).hexdigest()
