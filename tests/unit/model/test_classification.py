"""From exceptions and bodies to reports."""

import httpx2
import openai
import pytest

from captionfleet_schemas import Route
from captionfleet_workers.model.catalogue import ErrorReport, Fault, is_error_sentence, judge
from captionfleet_workers.model.classification import report_of_body, report_of_error, retry_after
from captionfleet_workers.model.errors import ModelCallError
from tests.model_examples import BURST

NOW = 1_700_000_000.0
REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/chat/completions")


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        (b'{"error":{"message":"m","type":"t","param":null,"code":"c"}}', "c", "m"),
        (b'{"code":"InvalidApiKey","message":"m","request_id":"r"}', "InvalidApiKey", "m"),
        (b'{"error":{"message":"m","code":null}}', None, "m"),
        (b'{"error":{"message":"m","code":429}}', "429", "m"),
        (b'{"error":"m"}', None, "m"),
        (b'{"error":null,"message":"m"}', None, "m"),
        (b"<html>Bad Gateway</html>", None, "<html>Bad Gateway</html>"),
        (b'["m"]', None, "['m']"),
        (b"\xff\xfe", None, "\ufffd\ufffd"),
        (b"", None, ""),
    ],
)
def test_body_of_any_shape_is_read(raw: bytes, code: str | None, message: str) -> None:
    """Compatible, native, broken, or a gateway's own."""
    report = report_of_body(raw, 500)

    assert (report.status, report.code, report.message) == (500, code, message)


@pytest.mark.parametrize(
    ("headers", "raw"), [({"x-request-id": "r"}, b"{}"), ({}, b'{"request_id":"r","error":{"message":"m"}}')]
)
def test_request_id_is_kept(headers: dict[str, str], raw: bytes) -> None:
    """From the header, or from the body of newer answers."""
    assert report_of_body(raw, 400, headers).request_id == "r"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds, seconds, a date, or nothing that makes sense."""
    assert retry_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    ("cause", "fault"),
    [
        (httpx2.ConnectError("refused"), Fault.CONNECT),
        (httpx2.ConnectTimeout("slow"), Fault.CONNECT),
        (httpx2.ReadTimeout("slow"), Fault.TIMEOUT),
        (httpx2.WriteTimeout("slow"), Fault.TIMEOUT),
        (httpx2.ReadError("reset"), Fault.LOST),
        (httpx2.RemoteProtocolError("closed"), Fault.LOST),
    ],
)
def test_transport_errors_become_faults(cause: httpx2.RequestError, fault: Fault) -> None:
    """Whether the client wraps them or they come while an answer is read."""
    wrapped = openai.APIConnectionError(request=REQUEST)
    wrapped.__cause__ = cause

    reports = [report_of_error(error, now=NOW) for error in (cause, wrapped)]

    assert [report.fault for report in reports] == [fault, fault]


def test_client_s_own_timeout_is_told_from_no_connection() -> None:
    """The client has one timeout error for both; its cause tells them apart."""
    error = openai.APITimeoutError(request=REQUEST)
    error.__cause__ = httpx2.ConnectTimeout("slow")

    assert report_of_error(error, now=NOW).fault is Fault.CONNECT


def test_message_names_no_key() -> None:
    """Some services repeat the key that they refuse."""
    report = ErrorReport(status=401, code="invalid_api_key", message="Incorrect API key provided: sk-abc123*****xyz.")

    error = ModelCallError(judge(report), report, route=Route.URL)

    assert str(error) == "The model answered 401 invalid_api_key: Incorrect API key provided: sk-…"


@pytest.mark.parametrize(
    "text",
    [
        BURST,
        "requests rate limit exceeded,  try again later",
        "Response timeout!",
        "An internal error has occurred, try again later or contact service support",
    ],
)
def test_error_sentence_is_known_in_any_spelling(text: str) -> None:
    """Small words and stops differ between the generations of the pages."""
    assert is_error_sentence(text)


@pytest.mark.parametrize("text", ["", "A man says: requests rate limit exceeded, please try again later.", "A knock."])
def test_caption_may_quote_an_error(text: str) -> None:
    """Only a text that is nothing else is an error."""
    assert not is_error_sentence(text)
