"""From what the client raised, or what a body says, to a report that the catalogue can judge."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import httpx2
import openai

from captionfleet_workers.errors import MachineError
from captionfleet_workers.lifecycle.recognition import machine_fault
from captionfleet_workers.model.bounds import identifier
from captionfleet_workers.model.catalogue import ErrorReport, Fault
from captionfleet_workers.model.error_body import read_error

_NO_CONNECTION = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
_SENTENCES = {
    Fault.CONNECT: "The model could not be reached",
    Fault.TIMEOUT: "The model did not answer in time",
    Fault.LOST: "The connection to the model was lost",
}


def report_of_error(error: openai.APIError | httpx2.RequestError, *, now: float) -> ErrorReport:
    """The report of a failed call.

    Args:
        error: from the openai client, or from its transport where an answer is read as it comes.
        now: seconds since 1970, for a Retry-After that names a date.

    Raises:
        MachineError: the call has failed of this worker's own machine.
    """
    own_fault = machine_fault(error)
    if own_fault is not None:
        raise MachineError(own_fault, f"The model could not be called: {error}") from error
    if isinstance(error, openai.APIStatusError):
        return report_of_body(error.response.content, error.response.status_code, error.response.headers, now=now)
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    fault = _fault(cause)
    return ErrorReport(fault=fault, message=f"{_SENTENCES[fault]} ({type(cause or error).__name__}).")


def report_of_body(
    raw: bytes, status: int | None = None, headers: Mapping[str, str] | None = None, *, now: float = 0.0
) -> ErrorReport:
    """The report of an error body, whoever has written it: see `error_body`."""
    headers = headers or {}
    body = read_error(raw)
    return ErrorReport(
        status=status,
        code=body.code,
        type=body.type,
        message=body.message,
        retry_after=retry_after(headers, now=now),
        request_id=identifier(headers.get("x-request-id")) or identifier(body.request_id),
    )


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds that the headers ask to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return seconds if seconds is not None else _seconds_until(value, now)


def _fault(cause: BaseException | None) -> Fault:
    if isinstance(cause, _NO_CONNECTION):
        return Fault.CONNECT
    return Fault.TIMEOUT if isinstance(cause, httpx2.TimeoutException) else Fault.LOST


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _seconds_until(value: str | None, now: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(value or "").timestamp() - now)
    except ValueError:
        return None
