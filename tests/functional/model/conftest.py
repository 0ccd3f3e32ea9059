"""A model server and a dialect that calls it, both real."""

import ssl
from collections.abc import Callable, Iterator

import httpx2
import pytest

from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.port import Answer, AudioUrl, ModelRequest
from captionfleet_workers.outbound.clients import model_http_client, tls_context
from tests.model_server import ModelServer, model_server

REQUEST = ModelRequest(model=CAPTIONER, audio=AudioUrl("https://example.com/a.mp3"), timeout=30)
Call = Callable[..., Answer]


@pytest.fixture(scope="session")
def tls() -> ssl.SSLContext:
    """Loaded once, as in a worker."""
    return tls_context()


@pytest.fixture
def http_client_factory(tls: ssl.SSLContext) -> Callable[[], httpx2.Client]:
    """The factory of the workers."""
    return lambda: model_http_client(tls, httpx2.Timeout(30))


@pytest.fixture(scope="module")
def listening() -> Iterator[ModelServer]:
    """One server for the tests of a module."""
    with model_server() as server:
        yield server


@pytest.fixture
def server(listening: ModelServer) -> ModelServer:
    """The server, with nothing recorded yet."""
    listening.forget()
    return listening


@pytest.fixture
def dialect(server: ModelServer, http_client_factory: Callable[[], httpx2.Client]) -> Iterator[OpenAIDialect]:
    """The dialect as the worker builds it."""
    dialect = OpenAIDialect(base_url=server.base_url, api_key="sk-test", http_client_factory=http_client_factory)
    yield dialect
    dialect.close()


@pytest.fixture
def call(dialect: OpenAIDialect) -> Call:
    """One call that nobody cancels."""

    def calling(request: ModelRequest = REQUEST, on_piece: Callable[[str], None] | None = None) -> Answer:
        return dialect.call(request, on_piece=on_piece, cancelled=lambda: False)

    return calling
