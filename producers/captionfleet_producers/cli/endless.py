"""Commands that run until they are stopped: Ctrl-C and SIGTERM are their normal end."""

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def until_stopped() -> Generator[None]:
    """Leave the block quietly on Ctrl-C or SIGTERM, so that what is open in it is closed in order."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
