"""Receivers that accept and then misbehave: the status line decides, and an attempt's time is the most they cost."""

import socket
import threading
from ipaddress import ip_network

import pytest

from captionfleet_workers.outbound import AddressPolicy
from captionfleet_workers.outbound.clients import guarded_client
from captionfleet_workers.webhooks.schedule import Outcome
from captionfleet_workers.webhooks.sender import Sender
from tests.receivers import Answer, Call, raw_receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = AddressPolicy(allow_http=True, allowed_networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
OK = b"HTTP/1.1 200 OK\r\n"
LONG, SHORT = 300.0, 0.5
"""Seconds for an attempt: what is decided at once comes nowhere near the first; what never is runs into the second."""


def then_close(reply: bytes) -> Answer:
    return lambda call: call.send(reply)


def then_hang(reply: bytes) -> Answer:
    def answer(call: Call) -> None:
        call.send(reply)
        call.hang()

    return answer


def dripping(beginning: bytes, drop: bytes) -> Answer:
    """Without end."""

    def answer(call: Call) -> None:
        call.send(beginning)
        while not call.receiver.released.wait(0.05):
            call.send(drop)

    return answer


DECIDED = {
    "length 10, no body, close": (then_close(OK + b"Content-Length: 10\r\n\r\n"), 200),
    "length 10, no body, hang": (then_hang(OK + b"Content-Length: 10\r\n\r\n"), 200),
    "length 10, half of it, hang": (then_hang(OK + b"Content-Length: 10\r\n\r\nhello"), 200),
    "chunked, never a chunk": (then_hang(OK + b"Transfer-Encoding: chunked\r\n\r\n"), 200),
    "chunked, without end": (dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), 200),
    "chunked, broken": (then_close(OK + b"Transfer-Encoding: chunked\r\n\r\nok"), 200),
    "chunked, gzip": (then_close(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\nok"), 200),
    "HTTP/1.0, no length": (then_close(b"HTTP/1.0 200 OK\r\n\r\nok"), 200),
    "HTTP/1.0, no length, hang": (then_hang(b"HTTP/1.0 200 OK\r\n\r\n"), 200),
    "100 before it": (then_close(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok"), 200),
    "103 before it": (
        then_close(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok"),
        200,
    ),
    "204 with a body": (then_close(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"), 204),
    "gzip that is none": (then_close(OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"), 200),
    "line ends of LF": (then_close(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), 200),
    "no reason": (then_close(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"), 200),
    "two lengths": (then_close(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"), 200),
    "two lengths, after 100": (
        then_close(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        200,
    ),
    "a header of nonsense": (then_close(OK + b"what is this\r\n\r\n"), 200),
    "a header of a megabyte": (then_close(OK + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n"), 200),
    "closed in its headers": (then_close(OK + b"Content-Type: text/pl"), 200),
    "reset in its headers": (then_close(OK + b"Content-Type"), 200),
    "a failure, no body, hang": (then_hang(b"HTTP/1.1 503 No\r\nContent-Length: 10\r\n\r\n"), 503),
    "a failure, two lengths": (then_close(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n"), 500),
}
UNDECIDED = {
    "nothing": then_hang(b""),
    "half a status line": then_hang(b"HTTP/1.1 20"),
    "a status line byte by byte": dripping(b"", b"H"),
    "nothing but 100": then_hang(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "100 in part": then_hang(b"HTTP/1.1 100 Continue\r\nX: y"),
}


def send(url: str, timeout: float, body: bytes = b"{}") -> tuple[Outcome, str]:
    """One delivery, through the client that workers use."""
    with guarded_client(LOOPBACK) as client:
        return Sender(client, [SECRET], timeout).send(url, "evt_1", body)


@pytest.mark.parametrize("name", DECIDED)
def test_the_status_line_decides(name: str) -> None:
    """What follows it does not, and is not waited for."""
    answer, status = DECIDED[name]
    with raw_receiver(answer) as receiver:
        outcome, _ = send(receiver.url, LONG)

    assert outcome.status == status
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize("name", UNDECIDED)
def test_without_a_status_line_there_is_no_answer(name: str) -> None:
    """The attempt ends when its time is over, however the receiver spends it."""
    with raw_receiver(UNDECIDED[name]) as receiver:
        outcome, reason = send(receiver.url, SHORT)

    assert outcome == Outcome(None)
    assert "took longer" in reason or "Timeout" in reason


@pytest.mark.parametrize("beginning", [OK, OK + b"Content-Type: text/plain\r\n"])
def test_headers_that_never_end_cost_an_attempts_time(beginning: bytes) -> None:
    """The receiver has said yes all the same."""
    with raw_receiver(dripping(beginning, b"X: y\r\n")) as receiver:
        outcome, _ = send(receiver.url, SHORT)

    assert outcome.status == 200


def test_a_receiver_with_an_ipv6_address() -> None:
    """As any other."""
    with raw_receiver(then_close(OK + b"Content-Length: 2\r\n\r\nok"), host="::1") as receiver:
        assert send(receiver.url, LONG) == (Outcome(200), "ok")


def test_a_receiver_that_reads_byte_by_byte() -> None:
    """A long body does not lengthen the time for an attempt: the receiver takes some of it again and again."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def sip() -> None:
            connection, _ = server.accept()
            with connection:
                while not stopped.wait(0.05) and connection.recv(2048):
                    pass

        thread = threading.Thread(target=sip)
        thread.start()
        outcome, reason = send(f"http://127.0.0.1:{server.getsockname()[1]}/hook", SHORT, b"x" * 20_000_000)
        stopped.set()
        thread.join()

    assert outcome == Outcome(None)
    assert "longer than allowed" in reason or "WriteTimeout" in reason
