"""The sweep: what nobody looks after any more is looked after."""

from random import Random

import redis
from celery import Celery
from structlog.testing import capture_logs

from captionfleet_ledger import Ledger
from captionfleet_schemas import CaptionEvent, JobState, Lane
from captionfleet_schemas.wire import DELIVERIES_QUEUE, RESULTS_QUEUE, USAGE_QUEUE
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.sweeper import Sweeper
from tests.functional.ledger.making import HOOK, Clock, make_hooked_job, make_job, make_result, state_of, take
from tests.functional.workers.broker import take_all, take_calls
from tests.polling import until


def test_lost_message_is_sent_again(app: Celery, ledger: Ledger, clock: Clock, sweeper: Sweeper) -> None:
    """A job that waits while its queue is empty has lost its message; one message is enough."""
    ledger.jobs.accept(make_job())
    clock.advance(61)

    sweeper.sweep()
    clock.advance(30)
    sweeper.sweep()

    assert take_calls(app, "captions") == [{"job_id": "job-1"}]
    assert state_of(ledger) is JobState.QUEUED


def test_message_that_waits_its_turn_is_not_repeated(
    app: Celery, ledger: Ledger, clock: Clock, publisher: Publisher, sweeper: Sweeper
) -> None:
    """A deep backlog alone is no reason for a second message."""
    ledger.jobs.accept_many([make_job("job-1"), make_job("job-2")])
    for job_id in ("job-1", "job-2"):
        publisher.wake_up(job_id, "captions")
    clock.advance(3600)

    chores = sweeper.sweep()

    assert chores.send == ()
    assert len(take_calls(app, "captions")) == 2


def test_deep_backlog_gets_no_second_message(
    app: Celery, ledger: Ledger, clock: Clock, publisher: Publisher, outbox: Outbox
) -> None:
    """5,000 jobs wait for an hour, some are taken in order, and the sweeps of four processes add no message."""
    jobs = [make_job(f"job-{n}") for n in range(5000)]
    ledger.jobs.accept_many(jobs)
    publisher.wake_up("job-0", "captions")
    sweepers = [
        Sweeper(ledger, publisher, outbox, pause=1, lease_seconds=30, random=Random(n), metrics=Metrics())
        for n in range(4)
    ]
    sent = 0

    for n in range(10):
        clock.advance(360)
        take(ledger, f"job-{n}", lease_seconds=9000)
        sent += sum(len(sweeper.sweep().send) for sweeper in sweepers)

    assert sent == 0
    assert take_calls(app, "captions") == [{"job_id": "job-0"}]


def test_one_queue_that_takes_nothing_holds_up_no_other(
    app: Celery, ledger: Ledger, clock: Clock, settings: WorkerSettings, sweeper: Sweeper
) -> None:
    """What it should have taken is not marked as sent, and offered again; all else is done in the same sweep."""
    broker = redis.Redis.from_url(settings.broker_url.get_secret_value())
    ledger.jobs.accept_many([make_job("job-1"), make_job("job-2", lane=Lane.BULK), make_hooked_job("job-3")])
    claim = take(ledger, "job-3")
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    assert settlement is not None
    ledger.jobs.mark_unsent(["job-1", "job-2"])
    broker.set("captions", "no list")
    broker.set(USAGE_QUEUE.name, "no list")
    clock.advance(11)

    sweeper.sweep()
    early = take_calls(app, "captions.bulk"), take_all(app, RESULTS_QUEUE.name)
    in_line = [one.delivery_id for one in ledger.deliveries.take(10, of_each=10)]
    waiting = ledger.outbox.waiting()
    broker.delete("captions", USAGE_QUEUE.name)
    clock.advance(11)
    sweeper.sweep()
    broker.close()

    caption, usage = settlement.events
    assert early == ([{"job_id": "job-2"}], [caption.body])
    assert in_line == [settlement.delivery_id]
    assert (waiting.count, waiting.oldest_seconds) == (1, 11)
    assert take_calls(app, "captions") == [{"job_id": "job-1"}]
    assert take_calls(app, "captions.bulk") == []
    assert take_all(app, USAGE_QUEUE.name) == [usage.body]
    assert ledger.outbox.waiting().count == 0


def test_processes_take_turns(ledger: Ledger) -> None:
    """While the fleet has been swept a moment ago nobody else needs to, and nobody has to give his turn back."""
    turns = [ledger.take_turn(0.3) for _ in range(4)]

    until(lambda: ledger.take_turn(0.3), "somebody has a turn again")

    assert turns == [True, False, False, False]


def test_full_ledger_is_swept(ledger: Ledger, clock: Clock, settings: WorkerSettings, sweeper: Sweeper) -> None:
    """Where no turn can be noted every process sweeps: what is no longer kept makes room."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim))
    assert settlement is not None
    ledger.outbox.mark_published(settlement.events)
    clock.advance(8 * 86400)
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as raw:
        raw.config_set("maxmemory", 1)

        sweeper.start()
        until(lambda: ledger.jobs.get("job-1") is None, "the job is forgotten")

        sweeper.stop()
        raw.config_set("maxmemory", 0)
    assert ledger.take_turn(1)


def test_message_that_could_not_be_sent_is_sent(app: Celery, ledger: Ledger, sweeper: Sweeper) -> None:
    """A producer whose broker was away leaves the job in the ledger and says so."""
    ledger.jobs.accept(make_job())
    ledger.jobs.mark_unsent(["job-1"])

    sweeper.sweep()

    assert take_calls(app, "captions") == [{"job_id": "job-1"}]


def test_job_of_a_dead_worker_is_queued_again(app: Celery, ledger: Ledger, clock: Clock, sweeper: Sweeper) -> None:
    """Its lease has run out."""
    ledger.jobs.accept(make_job())
    take(ledger, lease_seconds=30)
    clock.advance(31)

    sweeper.sweep()

    assert take_calls(app, "captions") == [{"job_id": "job-1"}]
    assert state_of(ledger) is JobState.QUEUED


def test_expired_job_is_ended_and_told(
    app: Celery, ledger: Ledger, clock: Clock, sweeper: Sweeper, prompted: list[str]
) -> None:
    """One result event, no usage, and its webhook is set going."""
    ledger.jobs.accept(make_hooked_job(start_by=clock.at(10)))
    clock.advance(11)

    sweeper.sweep()
    clock.advance(30)
    sweeper.sweep()

    (body,) = take_all(app, RESULTS_QUEUE.name)
    event = CaptionEvent.decode(body)
    assert (event.type, event.subject) == ("caption.expired", "job-1")
    assert state_of(ledger) is JobState.EXPIRED
    assert take_all(app, USAGE_QUEUE.name) == []
    assert prompted == [delivery.delivery_id for delivery in ledger.deliveries.of_job("job-1")]


def test_unpublished_events_are_published_once(app: Celery, ledger: Ledger, clock: Clock, sweeper: Sweeper) -> None:
    """A worker that died between settling and publishing leaves them; the bytes are those that it wrote."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim))
    early = sweeper.sweep()
    clock.advance(11)

    for _ in range(3):
        sweeper.sweep()
        clock.advance(11)

    assert settlement is not None
    assert early.publish == ()
    bodies = take_all(app, RESULTS_QUEUE.name) + take_all(app, USAGE_QUEUE.name)
    assert bodies == [entry.body for entry in settlement.events]


def test_due_delivery_costs_no_message(app: Celery, ledger: Ledger, clock: Clock, sweeper: Sweeper) -> None:
    """Any process that makes deliveries may take it from the ledger, however often it was swept."""
    ledger.jobs.accept(make_hooked_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url="https://example.com/hook")

    for _ in range(5):
        clock.advance(11)
        sweeper.sweep()

    assert settlement is not None
    assert take_calls(app, DELIVERIES_QUEUE) == []
    assert [one.delivery_id for one in ledger.deliveries.take(10, of_each=10)] == [settlement.delivery_id]


def test_published_events_are_marked_by_the_next_sweep(
    app: Celery, ledger: Ledger, clock: Clock, outbox: Outbox, sweeper: Sweeper
) -> None:
    """What went out is not published again, however often somebody sweeps."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim))
    assert settlement is not None
    outbox.publish(settlement)
    clock.advance(11)

    chores = sweeper.sweep()

    assert chores.publish == ()
    assert take_all(app, RESULTS_QUEUE.name) == [settlement.events[0].body]


def test_stopping_marks_what_was_published(ledger: Ledger, clock: Clock, outbox: Outbox, sweeper: Sweeper) -> None:
    """A worker that ends in good order leaves nothing to repeat."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim))
    assert settlement is not None
    outbox.publish(settlement)

    sweeper.start()
    sweeper.stop()
    clock.advance(11)

    assert ledger.sweep().publish == ()


def test_thread_sweeps_by_itself_and_reports(app: Celery, ledger: Ledger, sweeper: Sweeper) -> None:
    """A line in the log for each sweep that found something, none for the others."""
    ledger.jobs.accept(make_job())
    ledger.jobs.mark_unsent(["job-1"])
    with capture_logs() as lines:
        sweeper.start()
        until(lambda: lines, "the sweep is reported")
        sweeper.stop()

    assert take_calls(app, "captions") == [{"job_id": "job-1"}]
    assert [(line["event"], line["sent"]) for line in lines] == [("sweep", 1)]
