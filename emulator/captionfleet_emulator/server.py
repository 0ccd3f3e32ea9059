"""Running the application: one line when it is ready, and a clean end on SIGTERM and SIGINT."""

import signal
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import uvicorn

from captionfleet_emulator.app import build_app
from captionfleet_emulator.connection import ClosableProtocol
from captionfleet_emulator.settings import EmulatorSettings

GRACE_SECONDS = 2
"""How long calls in flight may go on after a signal."""


class AnnouncingServer(uvicorn.Server):
    """Prints its address on stdout once it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the one line."""
        await super().startup(sockets)
        if self.started and sockets:
            sys.stdout.write(f"captionfleet-emulator listening on {address_of(sockets[0])}\n")
            sys.stdout.flush()


def run_server(settings: EmulatorSettings) -> None:
    """Serve until a signal says to stop; then exit with status 0."""
    # uvicorn raises the signal again once it has shut down; these handlers turn that into an orderly end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)
    with TemporaryDirectory(prefix="captionfleet-emulator-") as folder:
        config = uvicorn.Config(
            build_app(settings, Path(folder)),
            host=settings.host,
            port=settings.port,
            http=ClosableProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        listener = config.bind_socket()
        # asyncio does not know this socket for a TCP one, and without the option each answer's body waits 40 ms for the
        # acknowledgement of its head. Accepted sockets inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        AnnouncingServer(config).run(sockets=[listener])


def address_of(listener: socket.socket) -> str:
    """Base address of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
