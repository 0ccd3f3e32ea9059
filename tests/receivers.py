"""Webhook receivers that speak raw TCP, so that they can answer as no HTTP library would, or not at all."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = Callable[["Call"], None]
GRANTED = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class RawReceiver:
    """A running receiver and the bodies that arrived."""

    url: str
    bodies: list[bytes] = field(default_factory=list[bytes])
    hanging: int = 0
    """Calls that have arrived whole and have no end yet."""
    released: threading.Event = field(default_factory=threading.Event)
    """Set when those that hang shall go on, and all further ones."""


@dataclass(frozen=True)
class Call:
    """A delivery that has arrived whole."""

    connection: socket.socket
    receiver: RawReceiver

    def send(self, data: bytes) -> None:
        """Answer, or part of it."""
        self.connection.sendall(data)

    def hang(self) -> None:
        """Say nothing until the receiver is released."""
        self.receiver.released.wait()


@contextmanager
def raw_receiver(answer: Answer, host: str = "127.0.0.1") -> Generator[RawReceiver]:
    """Receive until the block ends, each delivery in a thread of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, backlog=512) as server:
        name = f"[{host}]" if ":" in host else host
        receiver = RawReceiver(f"http://{name}:{server.getsockname()[1]}/hook")
        thread = threading.Thread(target=_accept, args=(server, receiver, answer), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            # On Linux this wakes the thread that accepts.
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(server: socket.socket, receiver: RawReceiver, answer: Answer) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, receiver, answer), daemon=True).start()


def _serve(connection: socket.socket, receiver: RawReceiver, answer: Answer) -> None:
    with connection, connection.makefile("rb") as reader:
        try:
            length = 0
            while (line := reader.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            receiver.bodies.append(reader.read(length))
            receiver.hanging += 1
            answer(Call(connection, receiver))
        except OSError:
            # The sender has given up, as it should.
            pass
        finally:
            receiver.hanging -= 1
