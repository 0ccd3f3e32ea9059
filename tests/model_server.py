"""A real HTTP server on loopback that answers as it is told: one scripted answer for each call, in order."""

import json
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, TypeVar

USAGE = {
    "prompt_tokens": 160,
    "completion_tokens": 387,
    "total_tokens": 547,
    "prompt_tokens_details": {"audio_tokens": 152, "text_tokens": 8},
}
NATIVE_USAGE = {
    "input_tokens": 160,
    "output_tokens": 387,
    "total_tokens": 547,
    "input_tokens_details": {"audio_tokens": 152, "text_tokens": 8},
    "output_tokens_details": {"text_tokens": 387},
}
READ_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """One answer. `pieces` are sent chunk by chunk instead of `body`.

    `stall` waits for the server's end after everything is sent, with the connection open; `cut` ends the connection
    without the chunked encoding's last chunk.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] | None = None
    stall: bool = False
    cut: bool = False


@dataclass
class Recorded:
    """One call as it arrived. The body is spooled, so that a large one costs no memory."""

    path: str
    headers: Mapping[str, str]
    client_port: int
    spool: IO[bytes]

    @property
    def body(self) -> bytes:
        """Everything that was sent."""
        self.spool.seek(0)
        return self.spool.read()

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class ModelServer(ThreadingHTTPServer):
    """Answers `script` from the left; the last answer stays."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: deque[Scripted] = deque()
        self.recorded: list[Recorded] = []
        self.over = threading.Event()
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What the OpenAI-compatible dialect takes."""
        return f"{self.origin}/compatible-mode/v1"

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, *script: Scripted) -> None:
        """What to say from now on."""
        self.script = deque(script)

    def next_answer(self) -> Scripted:
        """The answer for the call that has just arrived."""
        with self.lock:
            return self.script.popleft() if len(self.script) > 1 else self.script[0]

    def forget(self) -> None:
        """Drop what was recorded."""
        while self.recorded:
            self.recorded.pop().spool.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


ServerT = TypeVar("ServerT", bound=ModelServer)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ModelServer  # pyright: ignore[reportIncompatibleVariableOverride]  the class that makes it is this one

    def do_POST(self) -> None:
        if self._record():
            self._answer(self.server.next_answer())

    def do_GET(self) -> None:
        self.do_POST()

    def _answer(self, scripted: Scripted) -> None:
        self.send_response(scripted.status)
        for name, value in scripted.headers.items():
            self.send_header(name, value)
        if scripted.pieces is None:
            self._send_whole(scripted)
        else:
            self._send_pieces(scripted, scripted.pieces)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Stay quiet."""

    def _record(self) -> bool:
        spool = tempfile.SpooledTemporaryFile(max_size=READ_BYTES)  # noqa: SIM115  closed with the server
        left = int(self.headers.get("Content-Length") or 0)
        while left and (piece := self.rfile.read(min(left, READ_BYTES))):
            spool.write(piece)
            left -= len(piece)
        if left:
            spool.close()
            self.close_connection = True
            return False
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.recorded.append(Recorded(self.path, headers, self.client_address[1], spool))
        return True

    def _send_whole(self, scripted: Scripted) -> None:
        if scripted.stall:
            self.server.over.wait()
        self.send_header("Content-Length", str(len(scripted.body)))
        self.end_headers()
        self.wfile.write(scripted.body)

    def _send_pieces(self, scripted: Scripted, pieces: Sequence[bytes]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if scripted.stall:
            self.server.over.wait()
        if scripted.cut:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")


@contextmanager
def model_server() -> Generator[ModelServer]:
    """A server that listens until the end of the block."""
    with serving(ModelServer()) as server:
        yield server


@contextmanager
def serving(server: ServerT) -> Generator[ServerT]:
    """Let a server listen until the end of the block."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
            server.forget()


def captioned(text: str | None = "A knock.", *, finish: str | None = "stop", usage: Any = USAGE) -> Scripted:
    """A plain answer, as the model's page shows it."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_763_900_000,
        "model": "qwen3-omni-30b-a3b-captioner",
        "system_fingerprint": None,
        "choices": [choice],
        "usage": usage,
    }
    headers = {"Content-Type": "application/json", "x-request-id": "request-1"}
    return Scripted(body=json.dumps(body).encode(), headers=headers)


def refused(status: int, code: str | None, message: str, headers: Mapping[str, str] | None = None) -> Scripted:
    """An error answer in the OpenAI spelling."""
    body = {"error": {"message": message, "type": code, "param": None, "code": code}, "request_id": "request-2"}
    sent = {"Content-Type": "application/json", **(headers or {})}
    return Scripted(status=status, body=json.dumps(body).encode(), headers=sent)


def streamed(*events: bytes, stall: bool = False, cut: bool = False) -> Scripted:
    """A streamed answer, each event in a chunk of its own."""
    headers = {"Content-Type": "text/event-stream", "x-request-id": "request-3"}
    return Scripted(headers=headers, pieces=events, stall=stall, cut=cut)


def event(data: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def delta(text: str, *, finish: str | None = None) -> bytes:
    """The event of one piece of text."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event({"id": "chatcmpl-1", "model": "qwen3-omni-30b-a3b-captioner", "choices": [choice], "usage": None})


USAGE_EVENT = event({"id": "chatcmpl-1", "choices": [], "usage": USAGE})
DONE = b"data: [DONE]\n\n"


def native_captioned(text: str = "A knock.", *, finish: str | None = "stop", usage: Any = NATIVE_USAGE) -> Scripted:
    """A plain answer of the native interface."""
    headers = {"Content-Type": "application/json", "x-request-id": "request-1"}
    return Scripted(body=json.dumps(_native(text, finish, usage)).encode(), headers=headers)


def native_refused(status: int, code: str, message: str) -> Scripted:
    """An error answer of the native interface."""
    body = {"code": code, "message": message, "request_id": "request-2"}
    return Scripted(status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def native_event(text: str, *, finish: str = "null", usage: Any = NATIVE_USAGE) -> bytes:
    """One event of a native stream; no finish reason is the word `null`, and the last event has no content."""
    return b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:" + json.dumps(_native(text, finish, usage)).encode() + b"\n\n"


def native_error_event(code: str, message: str, status: int = 400) -> bytes:
    """An error in a native stream, under status 200."""
    data = json.dumps({"code": code, "message": message, "request_id": "request-2"}).encode()
    return b"id:1\nevent:error\n:HTTP_STATUS/%d\ndata:%s\n\n" % (status, data)


def _native(text: str, finish: str | None, usage: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": text}] if text else []}
    choices = [{"finish_reason": finish, "message": message}]
    return {"output": {"choices": choices}, "usage": usage, "request_id": "request-1"}
