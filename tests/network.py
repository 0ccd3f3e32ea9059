"""A network that can fail: links that stand between processes and pass on bytes until told otherwise."""

import select
import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing throws away what was not sent and tells the other side so (RST)."""
CHUNK = 1 << 16


class Link:
    """A TCP proxy on a free port of the loopback interface. Safe to use from any thread."""

    def __init__(self, target: int, port: int = 0) -> None:
        """`target` is the port that it leads to; `port` is its own, by default a free one."""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self._passing = threading.Event()
        self._passing.set()
        self._refusing = False
        self._delay = 0.0
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        # Nobody sets it: to wait for it is to sleep.
        self._never = threading.Event()
        self.port: int = self._listener.getsockname()[1]

    def cut(self) -> None:
        """Let nothing through in either direction; connections stay open and are silent."""
        self._passing.clear()

    def slow(self, seconds: float) -> None:
        """Hold up everything that passes for so long."""
        self._delay = seconds

    def refuse(self) -> None:
        """Reset all connections, and new ones as they come."""
        self._refusing = True
        self.reset()

    def heal(self) -> None:
        """Pass on everything again, that which was held up first."""
        self._refusing, self._delay = False, 0.0
        self._passing.set()

    def reset(self) -> None:
        """Break all connections as a restarted router does."""
        with self._lock:
            for end in self._ends:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                _wake(end)

    def serve(self) -> None:
        """Take connections until `close`."""
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections, and end those that there are."""
        _wake(self._listener)
        self._listener.close()
        self.heal()
        self.reset()

    def _connect(self, near: socket.socket) -> None:
        with near:
            if self._refusing:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                return
            with far, self._known(near, far):
                self._relay(near, far)

    @contextmanager
    def _known(self, *ends: socket.socket) -> Generator[None]:
        with self._lock:
            self._ends.update(ends)
        for end in ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            yield
        finally:
            with self._lock:
                self._ends.difference_update(ends)

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        ways = {near.fileno(): (near, far), far.fileno(): (far, near)}
        ready = select.poll()
        for descriptor in ways:
            ready.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in ready.poll():
                if not self._pass_on(*ways[descriptor]):
                    return

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> bool:
        """Take one piece over. False: the connection is at its end."""
        try:
            data = source.recv(CHUNK)
            if self._delay:
                self._never.wait(self._delay)
            self._passing.wait()
            sink.sendall(data)
        except OSError:
            return False
        return bool(data)


def _wake(end: socket.socket) -> None:
    """Whoever waits for this socket goes on."""
    try:
        end.shutdown(socket.SHUT_RD)
    except OSError:
        # The other side was faster.
        return


@contextmanager
def link_to(port: int, own_port: int = 0) -> Generator[Link]:
    """A link to a port of this machine until the block ends."""
    link = Link(port, own_port)
    thread = threading.Thread(target=link.serve, daemon=True)
    thread.start()
    try:
        yield link
    finally:
        link.close()
        thread.join()
