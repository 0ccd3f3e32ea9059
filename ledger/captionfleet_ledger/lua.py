"""The Lua scripts, each read once and known to the server by the SHA-1 of its text.

What all share is in `prelude.lua`; a script whose second line is `-- with NAME` has `NAME.lua` in front of it too.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WITH = re.compile(r"^-- with (\w+)$", re.MULTILINE)


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
    return {name: _script(_joined(texts, text)) for name, text in texts.items() if text.startswith("#!lua")}


def _joined(texts: Mapping[str, str], text: str) -> str:
    """What is shared behind the script's first line, which tells the server what the script may do."""
    first, _, rest = text.partition("\n")
    shared = ["prelude", *_WITH.findall(rest)]
    return "\n".join((first, *(texts[name] for name in shared), rest))


def _script(source: str) -> Script:
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
