"""`make up`: the local stack in the foreground, until Ctrl-C."""

import signal
import sys
import threading
from pathlib import Path

from compose.local.private import write_private
from compose.local.readiness import StackError
from compose.local.services import Layout
from compose.local.stack import plan, running

FOLDER = Path(".local/stack")


def main() -> int:
    """Run the stack; the exit status is 0 after Ctrl-C or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    layout = plan(FOLDER.absolute())
    try:
        with running(layout):
            print(_welcome(layout), flush=True)
            stopped.wait()
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _welcome(layout: Layout) -> str:
    environment = layout.folder / "env"
    lines = (f"export {name}='{value}'" for name, value in layout.settings.items())
    write_private(environment, "\n".join((*lines, f"export WEBHOOK={layout.webhook_url}", "")))
    return f"""\
The fleet is up. In another terminal:

    . {environment}
    .venv/bin/captionfleet submit --wait tests/audio/clips/guitar.mp3 --webhook $WEBHOOK

Flower    {layout.flower_url}  (login {layout.flower_login})
emulator  {layout.emulator_url}
webhooks  {layout.webhook_url}, shown in {layout.folder / "logs" / "listener.out"}
logs      {layout.folder / "logs"}

Ctrl-C stops everything."""


if __name__ == "__main__":
    sys.exit(main())
