"""Twelve small files that unpack to 11.5 hours of eight channels, and how long another tenant's short file waits."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from captionfleet_ledger import Group
from captionfleet_schemas import Lane
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.turns import Asker
from tests.functional.media.bombs import silent_flac
from tests.polling import until

BOMBS = 12
HOURS = 11.5
CHANNELS = 8
CHILDREN = 2
SHORT = Path(__file__).parents[1] / "audio" / "clips" / "misc_crow.flac"


def measure() -> tuple[float, float, float]:
    """Seconds for the short file alone and behind the bombs, and until the last of these was dealt with."""
    children = Children(at_once=CHILDREN)
    children.warm()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(BOMBS) as pool:
        bomb = silent_flac(Path(folder) / "bomb", seconds=HOURS * 3600, channels=CHANNELS)
        inspect(SHORT, children=children)
        alone = _seconds(children, SHORT, "desk")
        began = time.perf_counter()
        bombs = [pool.submit(_seconds, children, bomb, "bomber") for _ in range(BOMBS)]
        until(lambda: any(one.running() for one in bombs), "a bomb is looked at")
        behind = _seconds(children, SHORT, "desk")
        for one in bombs:
            one.result()
        return alone, behind, time.perf_counter() - began


def _seconds(children: Children, path: Path, tenant: str) -> float:
    began = time.perf_counter()
    with suppress(PermanentError):
        inspect(path, children=children, asker=Asker(group=Group(lane=Lane.INTERACTIVE, tenant=tenant)))
    return time.perf_counter() - began
