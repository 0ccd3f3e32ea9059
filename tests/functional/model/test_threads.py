"""One dialect, many threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from captionfleet_workers.model.openai_dialect import OpenAIDialect
from tests.functional.model.conftest import REQUEST
from tests.model_server import ModelServer, captioned

THREADS = 8


def test_each_thread_has_a_connection_of_its_own(server: ModelServer, dialect: OpenAIDialect) -> None:
    """And keeps it for its next call."""
    server.answer(captioned())
    barrier = Barrier(THREADS)

    def work(_number: int) -> list[str]:
        barrier.wait()
        return [dialect.call(REQUEST, cancelled=lambda: False).caption for _ in range(3)]

    with ThreadPoolExecutor(THREADS) as threads:
        captions = list(threads.map(work, range(THREADS)))

    assert captions == [["A knock."] * 3] * THREADS
    assert len({recorded.client_port for recorded in server.recorded}) == THREADS
