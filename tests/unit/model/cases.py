"""Failed calls to decide about."""

from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.model.catalogue import ErrorReport, Verdict
from captionfleet_workers.model.catalogue.row import row
from captionfleet_workers.model.errors import ModelCallError


def call_error(
    verdict: Verdict,
    *,
    tries: int | None = None,
    retry_after: float | None = None,
    route: Route = Route.URL,
    code: FailureCode = FailureCode.MODEL_UNAVAILABLE,
) -> ModelCallError:
    """A failed call with the given verdict."""
    judged = row("some_reason", "", "", "", verdict, code, "Do this.", tries=tries)
    report = ErrorReport(status=503, code="Busy", message="Come back.", retry_after=retry_after, request_id="request-9")
    return ModelCallError(judged, report, route=route)
