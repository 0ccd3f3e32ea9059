"""The links of the chaos run break what they are to break, and lose nothing else."""

import socket
import threading
from collections.abc import Generator
from contextlib import suppress

import pytest

from tests.network import Link, link_to
from tests.polling import until


def _echo(listener: socket.socket) -> None:
    while True:
        try:
            end, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_repeat, args=(end,), daemon=True).start()


def _repeat(end: socket.socket) -> None:
    # A link that breaks a connection breaks it on this side too.
    with end, suppress(ConnectionResetError):
        while data := end.recv(1024):
            end.sendall(data)


@pytest.fixture
def link() -> Generator[Link]:
    """A link to a server that says what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as listener, link_to(listener.getsockname()[1]) as link:
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        yield link
        listener.shutdown(socket.SHUT_RD)


def connect(link: Link) -> socket.socket:
    """A connection by way of the link."""
    return socket.create_connection(("127.0.0.1", link.port), timeout=10)


def test_what_a_cut_holds_up_arrives_after_it(link: Link) -> None:
    """The connection is silent, and lives on."""
    with connect(link) as end:
        link.cut()
        end.sendall(b"hello")
        end.settimeout(0.1)
        with pytest.raises(TimeoutError):
            end.recv(10)
        end.settimeout(10)

        link.heal()

        assert end.recv(10) == b"hello"


def test_a_reset_breaks_connections_and_lets_new_ones_in(link: Link) -> None:
    """Who reads learns it at once."""
    with connect(link) as broken:
        broken.sendall(b"hello")
        assert broken.recv(10) == b"hello"

        link.reset()

        with pytest.raises(ConnectionResetError):
            broken.recv(10)
    with connect(link) as end:
        end.sendall(b"again")
        assert end.recv(10) == b"again"


def test_a_link_that_refuses(link: Link) -> None:
    """It resets what comes, until it is healed."""
    link.refuse()

    def is_refused() -> bool:
        try:
            with connect(link) as end:
                return end.recv(10) == b""
        except ConnectionResetError:
            return True

    until(is_refused, "a new connection is refused")
    link.heal()
    with connect(link) as end:
        end.sendall(b"again")
        assert end.recv(10) == b"again"


def test_a_slow_link(link: Link) -> None:
    """Everything comes, later."""
    link.slow(0.2)
    with connect(link) as end:
        end.sendall(b"hello")
        end.settimeout(0.1)
        with pytest.raises(TimeoutError):
            end.recv(10)
        end.settimeout(10)
        assert end.recv(10) == b"hello"
