"""Getting results: by waiting, by listing, by cancelling."""

from collections.abc import Iterator

import pytest

from captionfleet_ledger import JobFilter, Ledger
from captionfleet_producers import CaptionClient, JobTimeoutError, ProducerSettings, UnknownJobError
from captionfleet_schemas import CaptionEvent, FailureCode, JobState
from tests.functional.producers.worker import CAPTION, fail, succeed
from tests.unit.producers.stopped_clock import StoppedClock

URL = "https://example.com/a.mp3"


@pytest.fixture
def finishing(settings: ProducerSettings, ledger: Ledger) -> Iterator[CaptionClient]:
    """A client whose clock stands; its newest job is finished two seconds after the start."""

    def finish(seconds: float) -> None:
        newest = next(opened.list())
        if seconds >= 2 and newest.result is None:
            succeed(ledger, newest.job.id)

    with CaptionClient(settings, clock=StoppedClock(finish).clock) as opened:
        yield opened


def test_waiting_gives_the_result(finishing: CaptionClient) -> None:
    """The result is there after two seconds of the clock, and none of ours."""
    job = finishing.submit(URL, metadata={"show": "42"})

    result = finishing.wait(job.id, timeout=10)

    assert (result.state, result.caption, result.metadata) == (JobState.SUCCEEDED, CAPTION, {"show": "42"})


def test_waiting_ends_at_the_timeout(finishing: CaptionClient) -> None:
    """The job goes on, and can be waited for again."""
    job = finishing.submit(URL)

    with pytest.raises(JobTimeoutError, match=f"job {job.id} not finished after 1 s"):
        finishing.wait(job.id, timeout=1)

    assert finishing.wait(job.id, timeout=5).caption == CAPTION


def test_a_failed_job_is_a_result_too(client: CaptionClient, ledger: Ledger) -> None:
    """Whoever waits is told why, and what to do."""
    job = client.submit(URL)
    fail(ledger, job.id)

    failure = client.wait(job.id).failure

    assert failure is not None
    assert (failure.code, failure.message) == (FailureCode.AUDIO_UNREACHABLE, "The address answered 404.")
    assert "Check that the address answers" in failure.remedy


def test_an_unknown_job_is_none_or_an_error(client: CaptionClient) -> None:
    """`get` may ask about anything; the others mean a job that exists."""
    assert client.get("typo") is None
    with pytest.raises(UnknownJobError):
        client.wait("typo")
    with pytest.raises(UnknownJobError):
        client.cancel("typo")


def test_a_cancelled_job_tells_everyone(client: CaptionClient) -> None:
    """It ends at once, its event is on the results queue, and cancelling again changes nothing."""
    job = client.submit(URL)

    states = [client.cancel(job.id), client.cancel(job.id)]

    (event,) = client.events(limit=1, timeout=5)
    assert states == [JobState.CANCELLED, JobState.CANCELLED]
    assert isinstance(event, CaptionEvent)
    assert (event.type, event.subject) == ("caption.cancelled", job.id)
    assert client.wait(job.id).state is JobState.CANCELLED


def test_a_published_cancellation_is_not_published_again(client: CaptionClient, ledger: Ledger) -> None:
    """The outbox entry is marked."""
    client.cancel(client.submit(URL).id)

    chores = ledger.sweep()

    assert chores.publish == ()


def test_what_has_ended_cannot_be_cancelled(client: CaptionClient, ledger: Ledger) -> None:
    """The answer is the state in which it is."""
    job = client.submit(URL)
    succeed(ledger, job.id)

    assert client.cancel(job.id) is JobState.SUCCEEDED


def test_lists_are_filtered_and_go_on_over_pages(client: CaptionClient) -> None:
    """Newest first, and more than one page of the ledger."""
    jobs = [client.submit(URL, metadata={"half": str(number % 2)}) for number in range(230)]

    half = list(client.list(JobFilter(metadata={"half": "1"})))
    some = list(client.list(limit=201))

    assert len(half) == 115
    assert [record.job.id for record in some] == [job.id for job in reversed(jobs)][:201]


def test_deliveries_are_on_record(client: CaptionClient, ledger: Ledger) -> None:
    """A job with a webhook has one delivery, due when the job ends."""
    job = client.submit(URL, webhook="https://example.com/hook")
    succeed(ledger, job.id)

    (delivery,) = client.deliveries(job.id)

    assert (delivery.url, delivery.state, delivery.attempts) == ("https://example.com/hook", "pending", ())
