"""A DNS server on loopback that tells lies, and a resolver that asks it: real queries in real packets."""

import ipaddress
import socket
import threading
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingUDPServer

import dns.exception
import dns.message
import dns.resolver
import dns.rrset

from captionfleet_workers.outbound.addresses import Address

SILENCE = "silence"
"""An answer that never comes."""

Zone = Mapping[str, Sequence[Sequence[str]]]
"""For each name its answers, one after another; the last is given for ever. Names are lower-case, without last dot."""


@dataclass
class NameServer:
    """A running server, what it was asked, and a resolver for `guarded_client`."""

    port: int
    zone: dict[str, deque[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[Address]:
        """Every address of a host. Numbers are read as the system's resolver reads them; names are asked for."""
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            return self._query(host)
        return [ipaddress.ip_address(row[4][0]) for row in rows]

    def _query(self, host: str) -> list[Address]:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.port
        try:
            rows = [
                record.to_text()
                for kind in ("A", "AAAA")
                for record in resolver.resolve(host, kind, raise_on_no_answer=False, lifetime=3.0).rrset or ()
            ]
        except dns.exception.DNSException as error:
            raise OSError(f"no answer: {type(error).__name__}") from error
        if not rows:
            raise OSError("no such name")
        return [ipaddress.ip_address(row) for row in rows]

    def answer_to(self, name: str, kind: str) -> Sequence[str]:
        """The addresses of one kind (A or AAAA) in the name's present answer."""
        if kind == "A":
            self.asked.append(name)
        answers = self.zone.get(name, deque([()]))
        # A is asked for before AAAA: both belong to one answer, which moves on after the second.
        present = answers.popleft() if kind == "AAAA" and len(answers) > 1 else answers[0]
        return [text for text in present if text == SILENCE or (":" in text) == (kind == "AAAA")]


@contextmanager
def name_server(zone: Zone) -> Generator[NameServer]:
    """Answer queries until the block ends."""
    with ThreadingUDPServer(("127.0.0.1", 0), _Handler) as server:
        running = NameServer(server.server_address[1], {name: deque(answers) for name, answers in zone.items()})
        server.names = running  # type: ignore[attr-defined]  # handlers find their zone through their server
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseRequestHandler):
    def handle(self) -> None:
        """Answer one packet."""
        packet, udp = self.request
        names: NameServer = self.server.names  # type: ignore[attr-defined]  # put there by `name_server`
        query = dns.message.from_wire(packet)
        [question] = query.question
        kind = question.rdtype.name
        addresses = names.answer_to(question.name.to_text(omit_final_dot=True).lower(), kind)
        if SILENCE in addresses:
            return
        response = dns.message.make_response(query)
        if addresses:
            response.answer.append(dns.rrset.from_text(question.name, 0, "IN", kind, *addresses))
        udp.sendto(response.to_wire(), self.client_address)
