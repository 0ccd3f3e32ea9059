"""The list of models, which clients ask for to see whether an address and a key work."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from captionfleet_emulator.compatible.response import error_response
from captionfleet_emulator.errors import ApiError
from captionfleet_emulator.fields import card_of
from captionfleet_emulator.keys import Keys
from captionfleet_schemas.catalogue import MODELS

PATH = "/compatible-mode/v1/models"


@dataclass(frozen=True, slots=True)
class Models:
    """Handlers of the list. `created` is what is said of each model, in seconds since the epoch."""

    keys: Keys
    created: int

    def routes(self) -> list[Route]:
        """The list, and one model of it."""
        return [
            Route(PATH, self.all_of_them, methods=["GET"]),
            Route(f"{PATH}/{{name:path}}", self.one, methods=["GET"]),
        ]

    async def all_of_them(self, request: Request) -> Response:
        """Every model that the catalogue knows."""
        return self._answer(request, lambda: {"object": "list", "data": [self._shown(name) for name in MODELS]})

    async def one(self, request: Request) -> Response:
        """One of them, or 404."""
        return self._answer(request, lambda: self._shown(card_of(request.path_params["name"]).name))

    def _answer(self, request: Request, make: Callable[[], dict[str, object]]) -> Response:
        try:
            self.keys.check(request.headers.get("authorization"))
            body = make()
        except ApiError as error:
            return error_response(error, str(uuid4()))
        return JSONResponse(body)

    def _shown(self, name: str) -> dict[str, object]:
        return {"id": name, "object": "model", "created": self.created, "owned_by": "captionfleet-emulator"}
