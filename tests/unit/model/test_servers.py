"""What servers of one's own write, through the classifier: what it means, and what of it a tenant is told."""

from dataclasses import replace
from random import Random

import pytest

from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.model.catalogue import ErrorReport, Fault, Verdict, judge
from captionfleet_workers.model.catalogue.server_texts import TEXTS, ServerText
from captionfleet_workers.model.classification import report_of_body
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.progress import Progress
from captionfleet_workers.retry import Decision, Fail, Pause, Reroute, Retry, Split, decide
from tests.server_examples import BEHIND, CONNECT, EXAMPLES, INNER, URL, ServerExample

OUTAGE = ErrorReport(status=503, message="upstream connect error")


def failed(report: ErrorReport, route: Route = Route.URL, *, inner: bool = True) -> ModelCallError:
    """The error of a call to a server of one's own."""
    report = replace(report, route=route, inner=inner)
    return ModelCallError(judge(report), report, route=route)


def decided(problem: ModelCallError, *avoid: Route, seconds: float = 30.0, now: float = 0.0) -> Decision:
    """What becomes of the job."""
    progress = Progress(avoid_routes=avoid)
    return decide(problem, progress=progress, seconds=seconds, now=now, deadline=None, random=Random(1))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example_is_judged_by_its_row(example: ServerExample) -> None:
    """Each in the shape of its product."""
    assert judge(example.report).reason == example.reason


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.fragment)
def test_each_text_has_its_meaning(text: ServerText) -> None:
    """Under its own status, and under any that a gateway makes of it."""
    for status in (text.status, 400, 500, None):
        assert judge(ErrorReport(status=status, message=f"X: {text.fragment.upper()}  (y)")).reason == text.reason


def test_each_product_s_texts_have_examples() -> None:
    """The bodies that are tested say each meaning of the table."""
    assert {text.reason for text in TEXTS} <= {example.reason for example in EXAMPLES}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"error":{"message":"m","type":"t","param":null,"code":400}}', 400),
        (b'{"error":{"message":"m","type":"None","param":"None","code":"503"}}', 503),
        (b'{"object":"error","message":"m","type":"t","param":null,"code":429}', 429),
        (b'{"error":{"message":"m","type":"BadRequestError"}}', 400),
        (b'{"error":{"message":"m","code":500.0}}', 500),
        (b'{"error":{"message":"m"},"status_code":502}', 502),
        (b'{"error":{"message":"m","code":"invalid_value"}}', None),
        (b'{"error":{"message":"m","code":200}}', None),
        (b'{"error":{"message":"m","code":true}}', None),
        (b'{"error":{"message":"m","code":7}}', None),
    ],
)
def test_code_gives_the_status_that_a_stream_lacks(body: bytes, status: int | None) -> None:
    """An integer, its digits or a type that says as much; the answer's own status comes before."""
    assert report_of_body(body).effective_status == status
    assert report_of_body(body, 200).effective_status == status
    assert report_of_body(body, 418).effective_status == 418


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"detail":"Not Found"}', "Not Found"),
        (b'{"detail":[{"loc":["body"],"msg":"Field required"},{"msg":"x"}]}', "Field required"),
        (b'{"detail":{"error":{"message":"m"}}}', "m"),
        (b'{"error":{"message":{"detail":"m"}}}', "m"),
        (b'{"errors":[{"message":"m"}]}', "m"),
        (b'{"error":{"message":["m","n"]}}', "m; n"),
        (b'event: error\ndata: {"error":{"message":"m"}}\n\n', "m"),
        (b'{"error":' * 2000 + b'"m"' + b"}" * 2000, None),
        (b'{"error":true}', "True"),
        (b"null", "null"),
    ],
)
def test_message_is_found(raw: bytes, message: str | None) -> None:
    """Wherever it stands; a body that is nested beyond belief is none."""
    said = report_of_body(raw, 400).message

    assert message is None or said == message


def test_address_that_is_repeated_says_nothing() -> None:
    """A caller's address is not the server's words: nobody pauses a fleet by the name of a file."""
    message = "Failed: (parameter=image_url, value=https://a.example/install vllm[audio]/no-connected-db?x=1)"

    assert judge(ErrorReport(status=400, message=message.replace(" vllm", "%20vllm"))).reason == "unlisted_client_error"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_nothing_of_the_inside_is_told(example: ServerExample) -> None:
    """A result says what happened and what to do, in words of the fleet's own."""
    problem = failed(example.report)

    told = f"{problem.told} {problem.told_code}"

    assert INNER not in told
    assert URL not in told
    assert problem.row.reason in told
    assert example.report.message not in told


@pytest.mark.parametrize("code", [INNER, "db-7.internal", "Connect call failed"])
def test_code_that_no_server_has_is_not_told(code: str) -> None:
    """It may be anything."""
    problem = failed(ErrorReport(status=400, code=code))

    assert problem.told_code is None
    assert code not in problem.told


@pytest.mark.parametrize(
    "message",
    [
        CONNECT,
        "Timeout of /srv/models/captioner/config.json",
        "http://captioner:8000/v1 is down",
        "File engine.py, line 3",
        "dial tcp [fd00:1::2]: refused",
        "no route to captioner.svc",
        "<html>nginx</html>",
        "[Errno 111] refused",
    ],
)
def test_gateway_s_inside_is_not_told_either(message: str) -> None:
    """Whatever the dialect: the words are left out where they show a network or a machine."""
    problem = failed(ErrorReport(status=500, message=message), inner=False)
    coded = failed(ErrorReport(status=500, code=message, message="It failed."), inner=False)

    assert problem.told == coded.told == "The model answered 500: …"
    assert message in problem.message
    assert coded.told_code is None


def test_service_s_words_are_told() -> None:
    """The vendor's own text says nothing of anybody's inside, and helps."""
    message = "<400> InternalError.Algo.InvalidParameter: The audio is empty"

    assert message in failed(ErrorReport(status=400, message=message), inner=False).told


@pytest.mark.parametrize(
    "report",
    [
        *[example.report for example in EXAMPLES if example.reason == "address_not_fetched"],
        ErrorReport(status=500),
        ErrorReport(status=500, message="Internal Server Error"),
        ErrorReport(status=503, message="message='Service Unavailable', url='http://…'"),
        ErrorReport(status=404, message="Not Found"),
        ErrorReport(status=415, message="Unsupported Media Type"),
        ErrorReport(status=400, code="InvalidParameter", message="something new"),
        ErrorReport(fault=Fault.TIMEOUT),
        ErrorReport(fault=Fault.EMPTY),
        ErrorReport(fault=Fault.NO_ADDRESS),
    ],
)
def test_what_may_be_the_address_is_tried_inline(report: ErrorReport) -> None:
    """At once, without an attempt, and without a word to the breaker."""
    problem = failed(report)

    decision = decided(problem)

    assert isinstance(decision, Reroute)
    assert decision.progress.avoid_routes == (Route.URL,)
    assert not problem.may_be_outage
    assert problem.report.fault is not None or not problem.is_answer or problem.row.known


def test_the_same_beside_a_file_is_an_outage() -> None:
    """A gateway that does not reach the server behind it uses the words of a fetch that failed."""
    for message in (CONNECT, BEHIND):
        problem = failed(ErrorReport(status=500, message=message), Route.INLINE)

        assert (problem.row.verdict, problem.may_be_outage) == (Verdict.RETRY, True)


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        (ErrorReport(status=401, code="invalid_api_key"), Pause),
        *[(one.report, Pause) for one in EXAMPLES if one.reason in {"gateway_model", "gateway_key", "gateway_budget"}],
        (ErrorReport(status=429, message="slow down"), Retry),
        (ErrorReport(fault=Fault.CONNECT), Retry),
        (ErrorReport(fault=Fault.LOST), Retry),
    ],
)
def test_what_cannot_be_the_address_is_what_it_is(report: ErrorReport, kind: type[Decision]) -> None:
    """The account, the load, the connection to the server itself."""
    assert isinstance(decided(failed(report)), kind)


def test_vendor_is_trusted_to_say_what_it_means() -> None:
    """Its errors by address are documented: the job keeps its route through a bad minute."""
    assert not failed(OUTAGE, inner=False).may_be_the_address


@pytest.mark.parametrize("reason", ["file_too_large", "decoded_too_large"])
def test_too_large_is_sent_smaller_and_then_in_parts(reason: str) -> None:
    """URL, file, the smaller copy, and where that is refused too, halves of it."""
    report = next(example.report for example in EXAMPLES if example.reason == reason)

    first = decided(failed(report), seconds=400.0)
    second = decided(failed(report, Route.INLINE), Route.URL, seconds=400.0)
    third = decided(failed(report, Route.INLINE), Route.URL, Route.INLINE, seconds=400.0)
    last = decided(failed(report, Route.INLINE), Route.URL, Route.INLINE, seconds=60.0)

    assert isinstance(first, Reroute)
    assert isinstance(second, Reroute)
    assert isinstance(third, Split)
    assert third.seconds == 200.0
    assert isinstance(last, Fail)
    assert last.code is FailureCode.AUDIO_TOO_LARGE


@pytest.mark.parametrize("reason", ["duration_limit", "context_length"])
def test_too_long_is_cut(reason: str) -> None:
    """Whoever says it, and however the audio was sent."""
    reports = [example.report for example in EXAMPLES if example.reason == reason]

    assert all(isinstance(decided(failed(report), seconds=900.0), Split) for report in reports)


@pytest.mark.parametrize(
    ("named", "seconds", "left"),
    [
        ("600s", 2400.0, 599.0),
        ("600.0s", 601.0, 599.0),
        ("600s", 500.0, 250.0),
        ("30s", 900.0, 60.0),
        ("9s", 61.0, 60.0),
    ],
)
def test_limit_that_a_refusal_names_is_kept_to(named: str, seconds: float, left: float) -> None:
    """Just below it, and never less than a minute; one that says nothing halves the audio."""
    message = f"Audio exceeds maximum allowed duration of {named} (metadata reports 912.4s)."

    decision = decided(failed(ErrorReport(status=400, message=message), Route.INLINE), seconds=seconds)

    assert isinstance(decision, Split)
    assert decision.seconds == left


def test_late_failures_tell_nothing_either() -> None:
    """The sentence of a job that has no time left is for its owner too."""
    problem = failed(ErrorReport(status=500, message=CONNECT, retry_after=90_000.0), Route.INLINE)

    decision = decide(problem, progress=Progress(), now=0.0, deadline=1.0, random=Random(1))

    assert isinstance(decision, Fail)
    assert INNER not in decision.message
