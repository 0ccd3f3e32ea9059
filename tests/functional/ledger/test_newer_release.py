"""A ledger that a newer release works on as well."""

import json
from datetime import timedelta

import pytest
import redis

from captionfleet_ledger import (
    Lease,
    Ledger,
    LedgerLayoutError,
    LedgerOptions,
    Refusal,
    RememberedCaption,
    UnreadableJobError,
    WaitingReason,
    new_token,
)
from captionfleet_ledger.shards import prefix_of, shard_of
from captionfleet_schemas import CaptionJob, JobState
from tests.functional.ledger.making import Clock, make_job, state_of, take
from tests.servers import Server


class NewerJob(CaptionJob):
    """A job of a release that has one more field."""

    voice: str


def make_newer_job(**fields: object) -> CaptionJob:
    return NewerJob.model_validate(make_job().model_dump() | {"voice": "low"} | fields)


def set_aside(ledger: Ledger) -> UnreadableJobError:
    """Meet the job as a worker of this release does."""
    token = new_token()
    with pytest.raises(UnreadableJobError) as caught:
        ledger.jobs.claim("job-1", token=token, holder="worker-1", lease_seconds=30)
    assert ledger.jobs.set_aside(Lease("job-1", token))
    return caught.value


def read_by_newer(raw: redis.Redis) -> None:
    """Let the job be what a newer release makes of it: one that it can read."""
    [key] = raw.keys("cf:*:job:job-1")
    body = json.loads(raw.hget(key, "job") or "")
    raw.hset(key, "job", json.dumps({name: value for name, value in body.items() if name != "voice"} | {"version": 1}))


def test_a_job_is_left_to_those_who_can_read_it(ledger: Ledger, raw: redis.Redis, clock: Clock) -> None:
    """It waits without using up an attempt, counts as not started, and is found by its own release."""
    ledger.jobs.accept(make_newer_job(start_by=clock.at(3600)))

    error = set_aside(ledger)

    assert "voice" in str(error)
    record = ledger.jobs.get("job-1")
    assert record
    assert (record.state, record.waiting_reason) == (JobState.WAITING, WaitingReason.RETRYING)
    assert (record.attempts, record.crashes, record.started_at) == (0, 0, None)
    assert ledger.jobs.claim("job-1", holder="worker-1", lease_seconds=30) is Refusal.WAITING

    read_by_newer(raw)
    clock.advance(6)
    assert [job.job_id for job in ledger.sweep().send] == ["job-1"]
    assert take(ledger).attempts == 1


def test_waits_grow_with_the_age(ledger: Ledger, clock: Clock) -> None:
    """Who can read it finds a young job within seconds, and an old one is looked at every five minutes."""
    ledger.jobs.accept(make_newer_job())
    waits: list[float] = []
    for _ in range(16):
        set_aside(ledger)
        record = ledger.jobs.get("job-1")
        assert record
        assert record.due_at
        waits.append((record.due_at - clock.at()) / timedelta(seconds=1))
        clock.advance(waits[-1])

    assert waits[:4] == [5, 5, 5, 7.5]
    assert waits[-1] == 300


def test_a_job_of_a_later_version_from_a_message(ledger: Ledger) -> None:
    """It is kept as it came, under what is understood of it."""
    body = {"version": 2, "id": "job-1", "audio": {"url": "https://example.com/a.mp3"}, "tenant": "radio", "more": [1]}

    accepted = ledger.jobs.accept(CaptionJob.glimpse(body), body=json.dumps(body).encode())

    assert accepted.created
    record = ledger.jobs.get("job-1")
    assert record
    assert (record.job.tenant, record.state) == ("radio", JobState.QUEUED)
    assert "version" in record.unknown
    assert "version" in str(set_aside(ledger))


def test_everything_but_work_is_done_with_it(ledger: Ledger, clock: Clock) -> None:
    """It is listed, cancelled and expired by what is understood of it; written anew it would ask for less."""
    ledger.jobs.accept(make_newer_job(finish_by=clock.at(60)))

    assert [record.job.id for record in ledger.listing.page().records] == ["job-1"]
    clock.advance(61)
    assert ledger.sweep().expire == ("job-1",)
    assert ledger.jobs.expire("job-1")
    assert state_of(ledger) is JobState.EXPIRED
    with pytest.raises(UnreadableJobError, match="voice"):
        ledger.jobs.retry("job-1")


def test_a_job_that_is_not_understood_at_all(ledger: Ledger, raw: redis.Redis, clock: Clock) -> None:
    """It is not shown as something else, and does not hold up the sweep that finds it overdue."""
    ledger.jobs.accept(make_job(finish_by=clock.at(60)))
    [key] = raw.keys("cf:*:job:job-1")
    raw.hset(key, "job", '{"version": 3, "id": "job-1", "inputs": []}')
    clock.advance(61)

    assert ledger.sweep().expire == ("job-1",)
    assert ledger.jobs.expire("job-1") is None
    with pytest.raises(UnreadableJobError, match="job-1"):
        ledger.jobs.get("job-1")


def test_what_others_have_left_says_more(ledger: Ledger, raw: redis.Redis) -> None:
    """A reason to wait and a remembered caption of a newer release are read."""
    ledger.jobs.accept(make_job())
    [key] = raw.keys("cf:*:job:job-1")
    raw.hset(key, mapping={"state": "waiting", "reason": "for_the_tide"})
    home = prefix_of(shard_of("renovation", LedgerOptions().shards))
    raw.set(f"{home}caption:renovation", json.dumps({"job_id": "job-0", "caption": "A dog.", "tongue": "en"}))

    record = ledger.jobs.get("job-1")

    assert record
    assert record.waiting_reason == "for_the_tide"
    assert ledger.captions.recall("renovation") == RememberedCaption("job-0", "A dog.")


def test_a_ledger_with_another_layout_is_not_opened(server: Server, ledger: Ledger, raw: redis.Redis) -> None:
    """A process that would damage it says what to do; one that was founded before layouts had numbers has the first."""
    assert raw.get("cf:layout") == "1"
    raw.delete("cf:layout")
    Ledger.connect(server.url).close()
    raw.set("cf:layout", 2)

    with pytest.raises(LedgerLayoutError, match=r"layout 2.*up to 1.*start the release"):
        Ledger.connect(server.url)

    ledger.ping()
