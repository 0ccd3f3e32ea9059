"""Lists and counts over all shards."""

import pytest

from captionfleet_ledger import JobFilter, Ledger
from captionfleet_ledger import listing as listing_module
from captionfleet_ledger.store import Store
from captionfleet_schemas import FailureCode, JobState, Lane
from tests.functional.ledger.making import Clock, make_failure, make_job, make_result, take


def ids_of(ledger: Ledger, which: JobFilter, limit: int = 50) -> list[str]:
    """The ids of all pages, in order."""
    ids: list[str] = []
    cursor = None
    while True:
        page = ledger.listing.page(which, limit=limit, cursor=cursor)
        ids += [record.job.id for record in page.records]
        cursor = page.next_cursor
        if cursor is None:
            return ids


def test_newest_first_over_all_shards(ledger: Ledger, clock: Clock) -> None:
    """Pages of any size give each job once, in order."""
    for n in range(60):
        ledger.jobs.accept(make_job(f"job-{n}"))
        clock.advance(0.001)

    listed = [ids_of(ledger, JobFilter(), limit) for limit in (1, 7, 60, 200)]

    assert listed == [[f"job-{n}" for n in reversed(range(60))]] * 4


def test_a_shard_may_hold_all_of_the_newest(ledger: Ledger, store: Store, clock: Clock) -> None:
    """Shards are asked for their fair share; one that holds more is asked again."""
    crowded = [job_id for job_id in (f"job-{n}" for n in range(1000)) if store.shard_of(job_id) == 3]
    ledger.jobs.accept_many(make_job(f"old-{n}") for n in range(100))
    clock.advance(1)
    ledger.jobs.accept_many(make_job(job_id) for job_id in crowded)

    page = ledger.listing.page(limit=40)

    assert [record.job.id for record in page.records] == sorted(crowded, reverse=True)[:40]


def test_jobs_of_the_same_moment_are_all_listed(ledger: Ledger) -> None:
    """Equal times are told apart by the ids, upper and lower case too."""
    ids = [f"{letter}-{n}" for letter in "aBcDZz" for n in range(20)]
    ledger.jobs.accept_many(make_job(job_id) for job_id in ids)

    listed = ids_of(ledger, JobFilter(), limit=7)

    assert listed == sorted(ids, reverse=True)


def test_times_that_a_server_writes_with_an_exponent(ledger: Ledger, clock: Clock) -> None:
    """Valkey writes about one score in 800 so, among them that of microsecond 38,571 here."""
    for microseconds in range(38_569, 38_574):
        clock.now = 1_795_461_777 + microseconds / 1e6
        ledger.jobs.accept(make_job(f"job-{microseconds}"))

    listed = ids_of(ledger, JobFilter(), limit=1)

    assert listed == [f"job-{microseconds}" for microseconds in reversed(range(38_569, 38_574))]


def test_new_jobs_do_not_shift_the_pages(ledger: Ledger, clock: Clock) -> None:
    """A cursor is a place, not a number."""
    for n in range(10):
        ledger.jobs.accept(make_job(f"job-{n}"))
        clock.advance(1)
    first = ledger.listing.page(limit=5)
    ledger.jobs.accept(make_job("newcomer"))

    second = ledger.listing.page(limit=5, cursor=first.next_cursor)

    assert [record.job.id for record in second.records] == [f"job-{n}" for n in (4, 3, 2, 1, 0)]
    assert second.next_cursor is None


def test_filters(ledger: Ledger, clock: Clock) -> None:
    """Each field narrows the list, and all of them have to fit."""
    ledger.jobs.accept(make_job("plain"))
    clock.advance(10)
    ledger.jobs.accept(make_job("tagged", metadata={"show": "42", "host": "Ann"}, tenant="radio", lane=Lane.BULK))
    clock.advance(10)
    ledger.jobs.accept(make_job("failed", tenant="radio"))
    claim = take(ledger, "failed")
    ledger.jobs.settle(claim.lease, make_failure(claim, FailureCode.AUDIO_EMPTY))
    clock.advance(10)
    ledger.jobs.accept(make_job("done", metadata={"show": "42"}))
    done = take(ledger, "done")
    ledger.jobs.settle(done.lease, make_result(done))
    filters = {
        "one state": JobFilter(states=frozenset({JobState.QUEUED})),
        "two states": JobFilter(states=frozenset({JobState.FAILED, JobState.SUCCEEDED})),
        "tenant": JobFilter(tenant="radio"),
        "lane": JobFilter(lane=Lane.BULK),
        "metadata": JobFilter(metadata={"show": "42"}),
        "more metadata": JobFilter(metadata={"show": "42", "host": "Ann"}),
        "failure": JobFilter(failure_code=FailureCode.AUDIO_EMPTY),
        "after": JobFilter(accepted_after=clock.at(-20)),
        "before": JobFilter(accepted_before=clock.at(-20)),
        "between": JobFilter(accepted_after=clock.at(-20), accepted_before=clock.at(-10)),
        "nothing": JobFilter(tenant="radio", metadata={"show": "43"}),
    }

    listed = {name: ids_of(ledger, which, limit=1) for name, which in filters.items()}

    assert listed == {
        "one state": ["tagged", "plain"],
        "two states": ["done", "failed"],
        "tenant": ["failed", "tagged"],
        "lane": ["tagged"],
        "metadata": ["done", "tagged"],
        "more metadata": ["tagged"],
        "failure": ["failed"],
        "after": ["done", "failed", "tagged"],
        "before": ["plain"],
        "between": ["tagged"],
        "nothing": [],
    }


def test_a_rare_job_is_found_beyond_the_bound_of_one_look(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard looks at a bounded number of jobs per call; the list goes on until it has enough."""
    monkeypatch.setattr(listing_module, "LOOK_AT", 3)
    ledger.jobs.accept(make_job("aaa-rare", tenant="rare"))
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(200))

    listed = ids_of(ledger, JobFilter(tenant="rare"))

    assert listed == ["aaa-rare"]


def test_counts(ledger: Ledger) -> None:
    """Every state has its number, none is left out."""
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(30))
    for n in range(4):
        take(ledger, f"job-{n}")
    ledger.jobs.cancel("job-0")

    counts = ledger.listing.counts()

    expected = {JobState.QUEUED: 26, JobState.RUNNING: 3, JobState.CANCELLED: 1}
    assert counts == {state: expected.get(state, 0) for state in JobState}


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_has_a_size(ledger: Ledger, limit: int) -> None:
    """A size that makes no sense is refused."""
    with pytest.raises(ValueError, match="1 to 200"):
        ledger.listing.page(limit=limit)


@pytest.mark.parametrize("cursor", ["", "x", "1/", "/a", "inf/a", "1.2.3/a"])
def test_a_made_up_cursor_is_refused(ledger: Ledger, cursor: str) -> None:
    """Nothing but a cursor of a page before is one."""
    with pytest.raises(ValueError, match="not a cursor"):
        ledger.listing.page(cursor=cursor)
