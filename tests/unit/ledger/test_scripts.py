"""The scripts as they are sent to the server."""

import hashlib
import re
from importlib.resources import files

import pytest

from captionfleet_ledger.lua import load_scripts

SCRIPTS = load_scripts()
SHARED = ("claiming", "line", "outgoing", "rates", "shares")
FOLDER = files("captionfleet_ledger") / "scripts"


def texts() -> dict[str, str]:
    """Each file by its name."""
    return {entry.name.removesuffix(".lua"): entry.read_text("utf-8") for entry in FOLDER.iterdir()}


def test_each_file_is_a_script() -> None:
    """All but the prelude, which stands in front of each, and what some share."""
    files_of = texts()
    scripts = {name for name, text in files_of.items() if text.startswith("#!lua")}

    assert set(SCRIPTS) == scripts
    assert set(files_of) - scripts == {"prelude", *SHARED}
    assert all(script.source.partition("\n")[2].startswith(files_of["prelude"]) for script in SCRIPTS.values())


def test_what_some_scripts_share_is_in_front_of_those_that_name_it() -> None:
    """Once each, between the prelude and the script itself; the others carry none of it."""
    files_of = texts()

    for name, script in SCRIPTS.items():
        for shared in SHARED:
            wanted = f"-- with {shared}\n" in files_of[name]
            assert script.source.count(files_of[shared]) == int(wanted), (name, shared)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_what_it_does(name: str) -> None:
    """It opens with what it may do on a full server; then what it does, its KEYS, its ARGV and what it returns."""
    text = (FOLDER / f"{name}.lua").read_text("utf-8")

    opening = (
        r"#!lua( flags=(no-writes|allow-oom))?\n(-- with \w+\n)*"
        r"--\[\[\n[A-Z].*\nKEYS +\[1\].*\nARGV +\[1\] time.*\nReturns  .*\]\]\n"
    )
    assert re.match(opening, text, re.DOTALL)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_known_by_its_text(name: str) -> None:
    """The server computes the same name."""
    script = SCRIPTS[name]

    assert script.sha == hashlib.sha1(script.source.encode()).hexdigest()
