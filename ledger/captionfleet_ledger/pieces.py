"""What streaming calls say, for whoever listens while they say it: no part of a job, and gone soon after its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from captionfleet_ledger.records import Lease
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store
from captionfleet_schemas.parts import part_of

BEGINNING = "0-0"
"""Before the first piece."""
MOST = 10_000
"""Pieces of one job; older ones give way. At ten a second that is a quarter of an hour of speaking."""
KEPT_SECONDS = 3600
"""Since the last piece, while the job goes on. Its end leaves them a minute (`settle.lua`)."""
LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a call has said next, as its worker tells it."""

    lease: Lease
    call: str
    """Names the call among those of its job."""
    attempt: int
    at: int
    """How many characters the call has said before."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a call has said next, as a listener reads it.

    A piece with another `call` than those before of the same part begins its text anew: what they said is void. The
    same words may come twice, as a worker whose answer was lost says them again; `at` tells.
    """

    id: str
    """Its place among the job's pieces, to read on from there."""
    call: str
    attempt: int
    part: str | None
    """Which part of long audio the call was for, such as `3` or `3.1`; parts speak at the same time."""
    at: int
    """How many characters the call has said before."""
    text: str


class Pieces:
    """The pieces of a job live in its shard, those of its parts among them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, said: Sequence[Said]) -> list[bool]:
        """Keep what calls have said, in one round trip; False where the lease is lost, so that nobody is told.

        Raises:
            LedgerUnavailableError: some of it may have been kept; saying it again does no harm.
        """
        return [bool(reply) for reply in self._store.send_all([self._adding(one) for one in said])]

    def read(self, job_id: str, *, after: str = BEGINNING, wait_seconds: float = 0.0) -> list[Piece]:
        """The pieces of a whole job behind the one with the id `after`, in order. One round trip.

        Args:
            job_id: of a whole job; one that is unknown, or does not stream, has no pieces.
            after: where to go on; everything that is kept by default.
            wait_seconds: how long the server may wait for the next piece where there is none, at most five seconds.
        """
        key = f"{self._store.prefixes[self._store.shard_of(job_id)]}pieces:{job_id}"
        longest = min(LONGEST_WAIT_SECONDS, self._store.options.socket_timeout / 2)
        milliseconds = round(min(wait_seconds, longest) * 1000)
        # For ever is what zero would mean to the server.
        block = ("BLOCK", milliseconds) if milliseconds > 0 else ()
        reply = self._store.listen(("XREAD", *block, "STREAMS", key, after))
        return [_piece(entry, fields) for _, entries in reply for entry, fields in entries]

    def _adding(self, said: Said) -> Command:
        lease = said.lease
        fields = _fields(said)
        shard = self._store.shard_of(lease.job_id)
        return self._store.script("add_piece", shard, lease.job_id, lease.token, MOST, KEPT_SECONDS, *fields)


def _fields(said: Said) -> tuple[str | int, ...]:
    part = part_of(said.lease.job_id) or ""
    return ("call", said.call, "attempt", said.attempt, "part", part, "at", said.at, "text", said.text)


def _piece(entry: bytes, fields: Mapping[bytes, bytes]) -> Piece:
    return Piece(
        id=entry.decode(),
        call=fields[b"call"].decode(),
        attempt=int(fields[b"attempt"]),
        part=fields[b"part"].decode() or None,
        at=int(fields[b"at"]),
        text=fields[b"text"].decode(),
    )
