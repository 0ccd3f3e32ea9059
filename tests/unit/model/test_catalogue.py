"""The error catalogue, row by row, and the traps that the service sets."""

import pytest

from captionfleet_workers.model.catalogue import ROWS, ErrorReport, Fault, Row, Verdict, judge
from tests import server_examples
from tests.model_examples import BURST, EXAMPLES, Example

FAULTS = {row.reason: Fault(next(iter(row.codes))) for row in ROWS if row.codes <= set(Fault) and row.codes}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.reason}-{example.status}-{example.code}")
def test_example_is_judged_by_its_row(example: Example) -> None:
    """Each documented error, in each of its spellings, belongs to one row."""
    row = judge(example.report)

    assert row.reason == example.reason


@pytest.mark.parametrize("reason", FAULTS)
def test_fault_is_judged_by_its_row(reason: str) -> None:
    """What the model does not report itself has a row for each fault."""
    row = judge(ErrorReport(fault=FAULTS[reason], message="The connection to the model was lost (ReadError)."))

    assert row.reason == reason


def test_every_row_has_an_example() -> None:
    """No line of the catalogue is untested."""
    reasons = {row.reason for row in ROWS}

    examples = {example.reason for example in (*EXAMPLES, *server_examples.EXAMPLES)}
    assert reasons == examples | set(FAULTS) | {"unlisted"}


def test_reasons_are_unique() -> None:
    """A reason names one row, in logs and in metrics."""
    reasons = [row.reason for row in ROWS]

    assert len(reasons) == len(set(reasons))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.reason)
def test_words_are_written_as_they_are_looked_for(row: Row) -> None:
    """Codes and fragments are lower-case, or they would never match."""
    words = [*row.codes, *row.fragments]

    assert words == [" ".join(word.lower().split()) for word in words]


def test_internal_error_inside_a_400_is_no_server_error() -> None:
    """The word InternalError in the message of a 400 does not make it worth a retry."""
    report = ErrorReport(
        status=400, code="invalid_parameter_error", message="<400> InternalError.Algo.InvalidParameter: x"
    )

    assert judge(report).verdict is Verdict.FAIL


def test_prefix_gives_the_status_that_a_stream_lacks() -> None:
    """Inside a stream only `<400>` in front of the message tells that it is no server error."""
    report = ErrorReport(code="internal_error", message="<400> InternalError.Algo: something new")

    assert judge(report).reason == "unlisted_client_error"


def test_outer_status_precedes_the_prefix() -> None:
    """The prefix repeats an upstream status; the answer's own status is nearer."""
    report = ErrorReport(status=503, message="<400> something new")

    assert report.effective_status == 503


def test_insufficient_quota_is_a_throttle() -> None:
    """Unlike OpenAI's, this code means tokens per minute, and passes by itself."""
    report = ErrorReport(status=429, code="insufficient_quota", message="You exceeded your current quota.")

    assert judge(report).verdict is Verdict.WAIT


def test_insufficient_quota_with_free_quota_gone_is_a_bill() -> None:
    """The same code with another sentence needs a person."""
    report = ErrorReport(status=429, code="insufficient_quota", message="Free allocated quota exceeded.")

    assert judge(report).verdict is Verdict.PAUSE


@pytest.mark.parametrize("code", ["CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"])
def test_bills_in_429_are_no_throttle(code: str) -> None:
    """Billing codes share 429 with throttling; waiting does not pay them."""
    report = ErrorReport(status=429, code=code)

    assert judge(report).verdict is Verdict.PAUSE


@pytest.mark.parametrize("status", [None, 200, 429, 500])
def test_burst_sentence_counts_under_any_status(status: int | None) -> None:
    """The sentence came as 429, as 500 with nothing else, and as the text of a 200."""
    report = ErrorReport(status=status, message=BURST)

    assert judge(report).verdict is Verdict.SLOW_DOWN


@pytest.mark.parametrize("message", ["An internal error has occured", "an  internal error has OCCURRED, try again"])
def test_spelling_of_the_pages_does_not_matter(message: str) -> None:
    """The generations of the pages differ in small words, case and spelling."""
    report = ErrorReport(status=500, message=message)

    assert judge(report).reason == "internal_error"


def test_allocation_quota_of_400_is_about_voices() -> None:
    """Under 400 the code of the token limit means another quota."""
    report = ErrorReport(status=400, code="Throttling.AllocationQuota")

    assert judge(report).verdict is Verdict.FAIL


def test_service_unavailable_of_400_is_a_malformed_request() -> None:
    """The name says 503, the status says 400."""
    report = ErrorReport(status=400, code="ServiceUnavailableError")

    assert judge(report).verdict is Verdict.FAIL


def test_missing_length_of_500_is_the_url_s_fault() -> None:
    """This 500 does not pass by itself: the audio must take another way."""
    report = ErrorReport(status=500, code="internal_error", message="Missing Content-Length of multimodal url.")

    assert judge(report).verdict is Verdict.REROUTE


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (302, Verdict.PAUSE),
        (402, Verdict.PAUSE),
        (418, Verdict.FAIL),
        (429, Verdict.WAIT),
        (499, Verdict.FAIL),
        (507, Verdict.RETRY),
        (None, Verdict.RETRY),
    ],
)
def test_unknown_code_is_judged_by_the_class_of_its_status(status: int | None, verdict: Verdict) -> None:
    """A new code is treated like its neighbours, and marked so that somebody looks."""
    row = judge(ErrorReport(status=status, code="Novelty", message="never seen"))

    assert (row.verdict, row.known) == (verdict, False)
