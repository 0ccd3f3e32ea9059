"""Closing a connection without the end of its answer, which ASGI itself has no word for."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol


class ClosableProtocol(H11Protocol):
    """uvicorn's protocol, which lets a request reach the transport that it came by."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Keep the transport where requests find it."""
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


def hang_up(request: Request) -> Response:
    """Have the connection close, and return a response that goes nowhere."""
    request.state.transport.close()
    return Response()


async def close_connection(request: Request) -> Response:
    """Hang up, and wait until what was sent before has left: nothing may be sent after it."""
    response = hang_up(request)
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return response
