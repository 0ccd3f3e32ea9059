"""The two calls that bring a file to the service: asking for a policy, and sending the form.

The service answers the first in its own envelope, the storage the second in its XML.
"""

from dataclasses import dataclass
from uuid import uuid4
from xml.sax.saxutils import escape

import structlog
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from captionfleet_emulator.errors import ApiError, InvalidRequestError, StorageError
from captionfleet_emulator.faults.book import Facts, FaultBook
from captionfleet_emulator.fields import card_of
from captionfleet_emulator.keys import Keys
from captionfleet_emulator.model.intake import UPLOAD_SCHEME
from captionfleet_emulator.native.policy import POLICY_EXPIRED, Grant, Policies
from captionfleet_emulator.native.response import error_body
from captionfleet_emulator.native.storage import Storage

STORAGE_PATH = "/storage"
CREATED = 204
"""What the storage answers unless the form asks for another status."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Uploads:
    """Handlers of the temporary upload."""

    keys: Keys
    policies: Policies
    storage: Storage
    faults: FaultBook

    def routes(self) -> list[Route]:
        """The service's route and the storage's."""
        return [
            Route("/api/v1/uploads", self.get_policy, methods=["GET"]),
            Route(STORAGE_PATH, self.post_form, methods=["POST"]),
        ]

    async def get_policy(self, request: Request) -> Response:
        """A policy, or what is wrong with the request."""
        request_id = str(uuid4())
        try:
            data = self._policy(request)
        except ApiError as error:
            log.info("policy", request_id=request_id, status=error.status, code=error.native_code)
            return JSONResponse(error_body(error, request_id), error.status)
        log.info("policy", request_id=request_id, status=200, code="")
        return JSONResponse({"request_id": request_id, "data": data})

    async def post_form(self, request: Request) -> Response:
        """Keep the file of a form, or say in XML why not."""
        request_id = uuid4().hex[:24].upper()
        try:
            async with request.form() as form:
                status = await self._keep(form)
        except StorageError as error:
            log.info("upload", request_id=request_id, status=error.status, code=error.code)
            return Response(_xml(error, request_id), error.status, media_type="application/xml")
        except ClientDisconnect:
            log.info("upload", request_id=request_id, status=None, code="client_gone")
            return Response()
        log.info("upload", request_id=request_id, status=status, code="")
        return Response(status_code=status, headers={"x-oss-request-id": request_id})

    def _policy(self, request: Request) -> dict[str, object]:
        account = self.keys.check(request.headers.get("authorization"))
        if request.query_params.get("action") != "getPolicy":
            raise InvalidRequestError(
                "Required parameter(action) missing or invalid, please check the request parameters."
            )
        card = card_of(request.query_params.get("model"))
        host = str(request.base_url).rstrip("/") + STORAGE_PATH
        return self.policies.issue(card.name, account, host)

    async def _keep(self, form: FormData) -> int:
        fields, file = _parts(form)
        grant = self.policies.check(fields)
        await self._meet_fault(grant, fields["key"])
        if (file.size or 0) > grant.max_bytes:
            raise StorageError.too_large()
        await self.storage.put(fields["key"], file.file, grant)
        return 200 if fields.get("success_action_status") == "200" else CREATED

    async def _meet_fault(self, grant: Grant, key: str) -> None:
        facts = Facts(model=grant.model, url=f"{UPLOAD_SCHEME}{key}", stream=False, upload=True)
        fault = self.faults.draw(facts)
        if fault is not None:
            await self.faults.delay(fault)
            raise StorageError.denied(POLICY_EXPIRED)


def _parts(form: FormData) -> tuple[dict[str, str], UploadFile]:
    """The fields and the file; what comes after the file is not read, as the storage documents it."""
    fields: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        elif name == "file":
            return fields, value
    raise StorageError.no_file()


def _xml(error: StorageError, request_id: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error>\n  <Code>{error.code}</Code>\n  <Message>{escape(error.message)}</Message>\n"
        f"  <RequestId>{request_id}</RequestId>\n  <HostId>emulator</HostId>\n</Error>\n"
    )
