"""Audio in the request: byte-identical, of any length, and never in memory as a whole."""

import base64
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from captionfleet_schemas import Route
from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.body import PIECE_BYTES
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.port import AudioFile, ModelRequest
from tests.functional.model.conftest import REQUEST, Call
from tests.model_server import ModelServer, captioned, refused

MEGABYTE = 1_000_000


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where the fetched audio lies."""
    return tmp_path / "audio"


@pytest.fixture
def traced() -> Iterator[None]:
    """Count what Python allocates."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def inlined(spool: Path, size: int) -> ModelRequest:
    """A request that carries a file of so many random bytes."""
    spool.write_bytes(Random(size).randbytes(size))
    return replace(REQUEST, audio=AudioFile(spool, size))


def received(server: ModelServer) -> bytes:
    """The audio as the server decodes it."""
    data: str = server.recorded[-1].json["messages"][0]["content"][0]["input_audio"]["data"]
    assert data.startswith("data:;base64,")
    return base64.b64decode(data.removeprefix("data:;base64,"), validate=True)


@pytest.mark.parametrize("size", [0, 1, 2, 3, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 2])
def test_audio_of_any_length_arrives(size: int, spool: Path, server: ModelServer, call: Call) -> None:
    """The announced length is exact, with and without padding, at the borders of the pieces."""
    server.answer(captioned())

    call(inlined(spool, size))

    assert received(server) == spool.read_bytes()


@pytest.mark.usefixtures("traced")
def test_seven_megabytes_take_less_than_one(spool: Path, server: ModelServer, call: Call) -> None:
    """What a call holds in memory does not grow with its audio; the server here is part of what is counted."""
    server.answer(captioned())
    request = inlined(spool, 7 * MEGABYTE)
    call()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()

    call(request)

    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < MEGABYTE
    assert received(server) == spool.read_bytes()


def test_each_attempt_sends_the_whole_file(spool: Path, server: ModelServer, call: Call) -> None:
    """A body that is read once cannot be sent twice, so each call makes its own."""
    server.answer(refused(503, "ModelUnavailable", ""), captioned())
    request = inlined(spool, 1_000)

    with pytest.raises(ModelCallError) as caught:
        call(request)
    call(request)

    assert caught.value.route is Route.INLINE
    assert server.recorded[0].body == server.recorded[1].body


def test_upload_stops_when_the_job_is_cancelled(spool: Path, server: ModelServer, dialect: OpenAIDialect) -> None:
    """Between two pieces of the file."""
    server.answer(captioned())
    answers = iter([False, False, True])

    with pytest.raises(LeaseLostError):
        dialect.call(inlined(spool, 4 * PIECE_BYTES), cancelled=lambda: next(answers))

    assert server.recorded == []
