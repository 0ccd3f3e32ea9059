"""An event counts as published when a queue has it: whatever vanishes at the broker, all events arrive."""

from collections.abc import Callable
from typing import Any

import pytest
from kombu import Connection

from captionfleet_schemas import JobState
from captionfleet_schemas.wire import CAPTIONS_QUEUE, RESULTS_EXCHANGE, RESULTS_QUEUE, USAGE_QUEUE
from tests.functional.fleet.brokers import RABBIT, on_rabbitmq
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

CLIP = AUDIO / "clips" / "reading.wav"
AT_ONCE = 8
"""As many as a worker has slots."""
JOBS = 24

Damage = Callable[[Any], object]


def flush(channel: Any) -> None:
    """An operator empties a Redis that serves as broker."""
    with channel.conn_or_acquire() as client:
        client.flushdb()


def forget_bindings(channel: Any) -> None:
    """Somebody deletes the one key that says which queue wants what."""
    with channel.conn_or_acquire() as client:
        client.delete(f"_kombu.binding.{RESULTS_EXCHANGE}")


def delete_results(channel: Any) -> None:
    """Somebody deletes a queue."""
    channel.queue_delete(RESULTS_QUEUE.name)


def delete_both(channel: Any) -> None:
    """Somebody deletes two."""
    channel.queue_delete(RESULTS_QUEUE.name)
    channel.queue_delete(USAGE_QUEUE.name)


def unbind(channel: Any) -> None:
    """Somebody removes the binding of a queue that stays."""
    channel.queue_unbind(RESULTS_QUEUE.name, RESULTS_EXCHANGE, RESULTS_QUEUE.binding)


def delete_exchange(channel: Any) -> None:
    """Somebody deletes the exchange, with all bindings."""
    channel.exchange_delete(RESULTS_EXCHANGE)


def damaged(fleet: Fleet, damage: Damage) -> None:
    """Do something to the fleet's broker, as somebody else."""
    with Connection(fleet.settings["CAPTIONFLEET_BROKER_URL"]) as connection:
        damage(connection.default_channel)


def work_through(fleet: Fleet, damage: Damage) -> list[str]:
    """Jobs that are called for while the broker is damaged, and as many again behind them; their ids."""
    with fleet.emulator.holding(times=AT_ONCE):
        jobs = [fleet.client.submit(CLIP).id for _ in range(AT_ONCE)]
        until(lambda: len(fleet.calls()) == AT_ONCE, "every slot makes a call")
        fleet.drain()
        damaged(fleet, damage)
    jobs += [fleet.client.submit(CLIP).id for _ in range(JOBS - AT_ONCE)]
    for job in jobs:
        fleet.client.wait(job, timeout=60)
    return jobs


def has_all(fleet: Fleet, jobs: list[str]) -> bool:
    """Whether each job has both of its events, and each event one id."""
    fleet.drain()
    kinds = {job: sorted({event.id: event.type for event in fleet.events[job]}.values()) for job in jobs}
    return all(kind == ["caption.succeeded", "usage.recorded"] for kind in kinds.values())


def hurt(broker: Any, *damages: Damage) -> list[Any]:
    """Cases of one broker."""
    [name], marks = getattr(broker, "values", [broker]), getattr(broker, "marks", ())
    return [pytest.param(name, damage, marks=marks, id=f"{name}-{damage.__name__}") for damage in damages]


@pytest.mark.parametrize(
    ("broker", "damage"),
    [
        *hurt("valkey", flush, forget_bindings, delete_results),
        *hurt(RABBIT, delete_results, delete_both, unbind, delete_exchange),
    ],
    indirect=["broker"],
)
@pytest.mark.usefixtures("worker")
def test_every_event_arrives(fleet: Fleet, damage: Damage) -> None:
    """Both events of each job, although the worker has published on the same channels before."""
    jobs = work_through(fleet, damage)

    until(lambda: has_all(fleet, jobs), "all events are on their queues")


@on_rabbitmq
def test_a_queue_of_jobs_is_deleted(fleet: Fleet, worker: WorkerProcess) -> None:
    """Its worker makes it again and reads on, and those who send to it meanwhile find that it is gone."""
    fleet.finish(fleet.client.submit(CLIP).id)

    damaged(fleet, lambda channel: channel.queue_delete(CAPTIONS_QUEUE))

    results = [fleet.finish(fleet.client.submit(CLIP).id) for _ in range(AT_ONCE)]
    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert worker.process.poll() is None


@on_rabbitmq
def test_an_exchange_of_another_type(fleet: Fleet, worker: WorkerProcess) -> None:
    """It can be neither used nor declared: events wait in the ledger until it is gone, and deliveries do not."""

    def of_another_type(channel: Any) -> None:
        channel.exchange_delete(RESULTS_EXCHANGE)
        channel.exchange_declare(RESULTS_EXCHANGE, "direct", durable=True, auto_delete=False)

    fleet.drain()
    damaged(fleet, of_another_type)
    job = fleet.client.submit(CLIP, webhook=fleet.receiver.url).id
    fleet.client.wait(job, timeout=60)
    until(lambda: worker.logged("message.unrouted", queue=USAGE_QUEUE.name), "the worker says that it is not published")
    until(lambda: fleet.receiver.of(job), "the webhook is delivered all the same")

    damaged(fleet, lambda channel: channel.exchange_delete(RESULTS_EXCHANGE))

    until(lambda: has_all(fleet, [job]), "both events are on their queues", within=60)
