"""The Lua scripts, each read once and known to the server by the SHA-1 of its text."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script with what all scripts share in front."""

    source: str
    sha: str


@cache
def load_scripts() -> dict[str, Script]:
    """All scripts by name."""
    folder = files("captionfleet_ledger") / "scripts"
    texts = {
        entry.name.removesuffix(".lua"): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".lua")
    }
    prelude = texts.pop("prelude")
    return {name: _script(f"{prelude}\n{text}") for name, text in texts.items()}


def _script(source: str) -> Script:
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
