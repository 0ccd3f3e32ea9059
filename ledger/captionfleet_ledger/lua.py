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
    return {name: _script(_joined(prelude, text)) for name, text in texts.items()}


def _joined(prelude: str, text: str) -> str:
    """The prelude behind the script's first line, which tells the server what the script may do."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{prelude}\n{rest}"


def _script(source: str) -> Script:
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
