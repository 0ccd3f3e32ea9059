"""The admin API: faults, limits, the request log, and whether the emulator is well."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from captionfleet_emulator.faults.book import FaultBook, Standing
from captionfleet_emulator.faults.rule import FaultRule, readable_errors
from captionfleet_emulator.journal.log import Journal
from captionfleet_emulator.limits.book import LimitBook
from captionfleet_emulator.limits.terms import LimitRule


@dataclass(frozen=True, slots=True)
class Admin:
    """Handlers of everything that is not the model's own API."""

    faults: FaultBook
    limits: LimitBook
    journal: Journal

    def routes(self) -> list[Route]:
        """The routes of the admin API."""
        return [
            Route("/healthz", self.health, methods=["GET"]),
            Route("/admin/faults", self.add_fault, methods=["POST"]),
            Route("/admin/faults", self.list_faults, methods=["GET"]),
            Route("/admin/faults", self.clear_faults, methods=["DELETE"]),
            Route("/admin/faults/{rule_id}", self.remove_fault, methods=["DELETE"]),
            Route("/admin/limits", self.set_limit, methods=["PUT"]),
            Route("/admin/limits", self.list_limits, methods=["GET"]),
            Route("/admin/limits", self.clear_limits, methods=["DELETE"]),
            Route("/admin/requests", self.list_requests, methods=["GET"]),
            Route("/admin/requests", self.clear_requests, methods=["DELETE"]),
        ]

    async def health(self, _request: Request) -> Response:
        """State that the emulator serves."""
        return JSONResponse({"status": "ok"})

    async def add_fault(self, request: Request) -> Response:
        """Switch a rule on: 201 with the rule, or 422 with what is wrong with it."""
        try:
            rule = FaultRule.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"errors": readable_errors(error)}, 422)
        return JSONResponse(fault_body(self.faults.add(rule)), 201)

    async def list_faults(self, _request: Request) -> Response:
        """All rules with the number of their strikes."""
        return JSONResponse({"faults": [fault_body(standing) for standing in self.faults.standing()]})

    async def clear_faults(self, _request: Request) -> Response:
        """Switch all rules off."""
        self.faults.clear()
        return Response(status_code=204)

    async def remove_fault(self, request: Request) -> Response:
        """Switch one rule off: 204, or 404 if there is none of that id."""
        if self.faults.remove(request.path_params["rule_id"]):
            return Response(status_code=204)
        return JSONResponse({"errors": ["no fault has this id"]}, 404)

    async def set_limit(self, request: Request) -> Response:
        """Have limits hold from now on: 200 with all that hold, or 422 with what is wrong with these."""
        try:
            rule = LimitRule.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"errors": readable_errors(error)}, 422)
        self.limits.set(rule)
        return await self.list_limits(request)

    async def list_limits(self, _request: Request) -> Response:
        """All limits that hold."""
        return JSONResponse({"limits": [rule.model_dump() for rule in self.limits.rules()]})

    async def clear_limits(self, _request: Request) -> Response:
        """Have the limits hold that the emulator was started with."""
        self.limits.clear()
        return Response(status_code=204)

    async def list_requests(self, _request: Request) -> Response:
        """The request log with its counts, and the rates of each account."""
        return JSONResponse({**self.journal.report(), "rates": self.limits.report()})

    async def clear_requests(self, _request: Request) -> Response:
        """Empty the request log."""
        self.journal.clear()
        self.limits.restart_report()
        return Response(status_code=204)


def fault_body(standing: Standing) -> dict[str, Any]:
    """A rule as JSON, with how often it has struck and may strike still."""
    return {**standing.rule.model_dump(), "struck": standing.struck, "left": standing.left}
