"""The endpoint of any dialect: authorise, read, serve, send, and write it in the journal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import uuid4

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from captionfleet_emulator.connection import close_connection, hang_up
from captionfleet_emulator.dialect import Dialect, Heading, Question
from captionfleet_emulator.errors import ApiError, DroppedError, MediaError, MediaFault
from captionfleet_emulator.journal.entry import Entry
from captionfleet_emulator.journal.log import Journal
from captionfleet_emulator.keys import Keys
from captionfleet_emulator.model.service import Reply, Service

MAX_BODY_BYTES = 28_000_000
"""Longer bodies are refused by the service whatever they hold."""
THREAD_WORTHY_BYTES = 1 << 19
"""From here on parsing would hold up the other requests for more than a millisecond."""
SLOW_PIECE_SECONDS = 0.05
"""How much of a slow answer leaves at once."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The endpoint. `epoch` is the wall clock, in seconds."""

    dialect: Dialect
    service: Service
    journal: Journal
    keys: Keys
    epoch: Callable[[], float]

    async def post(self, request: Request) -> Response:
        """Answer one request; exactly one journal entry and one log line result from it."""
        entry = self.journal.open(str(uuid4()), self.dialect.name)
        try:
            return await self._answer(request, entry)
        except ApiError as error:
            entry.retry_after = error.retry_after
            self._close(entry, error.status, self.dialect.code(error))
            return self.dialect.refuse(error, entry.request_id, request.headers)
        except DroppedError:
            self._close(entry, None, "dropped")
            return await close_connection(request)
        except ClientDisconnect:
            self._close(entry, None, "client_gone")
            return Response()
        except asyncio.CancelledError:
            # The server ends, and cancels what it cannot wait for: the client is to see a closed connection.
            self._close(entry, None, "aborted")
            return hang_up(request)
        except Exception:
            self._close(entry, 500, "internal_error")
            raise

    async def _answer(self, request: Request, entry: Entry) -> Response:
        account = self.keys.check(request.headers.get("authorization"))
        question = await self._read(request, account)
        reply = await self.service.serve(question.call, entry)
        heading = Heading(request_id=entry.request_id, model=question.call.card.name, created=int(self.epoch()))
        headers = {"x-request-id": entry.request_id}
        if question.call.stream:
            events = self._stream(request, question, reply, heading, entry)
            return StreamingResponse(events, headers=headers, media_type="text/event-stream")
        await asyncio.sleep(reply.due - self.service.clock())
        whole = JSONResponse(question.wording.whole(reply.answer, heading), headers=headers)
        if reply.bytes_per_second is not None:
            return StreamingResponse(
                self._trickle(bytes(whole.body), reply.bytes_per_second, entry), 200, whole.headers
            )
        self._close(entry, 200)
        return whole

    async def _stream(
        self, request: Request, question: Question, reply: Reply, heading: Heading, entry: Entry
    ) -> AsyncIterator[bytes]:
        events = list(question.wording.events(reply.answer, heading))
        whole = reply.cut_after is None
        code = "client_gone"
        try:
            # A cut counts pieces, and not the events that only lead to the first one.
            sent = events if whole else events[: question.wording.lead + (reply.cut_after or 0)]
            async for event in self._paced(sent, reply.due):
                async for piece in slowly(event, reply.bytes_per_second):
                    yield piece
            code = "" if whole else "cut"
        finally:
            self._close(entry, 200, code)
        if not whole:
            await close_connection(request)

    async def _trickle(self, body: bytes, rate: float, entry: Entry) -> AsyncIterator[bytes]:
        code = "client_gone"
        try:
            async for piece in slowly(body, rate):
                yield piece
            code = ""
        finally:
            self._close(entry, 200, code)

    async def _paced(self, events: list[bytes], due: float) -> AsyncIterator[bytes]:
        """Spread the events over the time that is left; with none left, send them as one."""
        started = self.service.clock()
        if due <= started:
            yield b"".join(events)
            return
        for number, event in enumerate(events):
            await asyncio.sleep(started + (due - started) * (number + 1) / len(events) - self.service.clock())
            yield event

    async def _read(self, request: Request, account: str) -> Question:
        body = await _body(request)
        if len(body) > THREAD_WORTHY_BYTES:
            return await asyncio.to_thread(self.dialect.read, body, request.headers, account)
        return self.dialect.read(body, request.headers, account)

    def _close(self, entry: Entry, status: int | None, code: str = "") -> None:
        self.service.limits.end(entry.account, entry.model, entry.request_id)
        self.journal.close(entry, status, code)
        log.info(
            "request",
            request_id=entry.request_id,
            dialect=entry.dialect,
            model=entry.model,
            route=entry.route,
            seconds=entry.seconds,
            status=entry.status,
            code=entry.code,
            fault=entry.fault,
            latency=entry.latency,
        )


async def slowly(data: bytes, rate: float | None) -> AsyncIterator[bytes]:
    """The data in pieces that leave at a rate in bytes per second, or at once without one."""
    size = len(data) if rate is None else max(1, int(rate * SLOW_PIECE_SECONDS))
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        yield piece
        await asyncio.sleep(0 if rate is None else len(piece) / rate)


async def _body(request: Request) -> bytes:
    """Read the body to its end even if it is too long: a client that is cut off while it sends sees no answer."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
    if size > MAX_BODY_BYTES:
        raise MediaError(MediaFault.INLINE_TOO_LARGE)
    return b"".join(chunks)
