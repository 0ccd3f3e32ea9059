"""The short form of `make fuzz ARGS="--messages 20000"`."""

from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fleet import Fleet
from tests.fuzz.queue import run

MESSAGES = 300


@on_every_broker
def test_no_message_stops_a_worker(fleet: Fleet, broker: str) -> None:
    """Every broken message ends, as a dead letter or as the job that it still asks for; every good job is done."""
    sheet = run(fleet, broker, messages=MESSAGES, seed=14, say=lambda _: None)

    assert sheet.faults == []
    assert sheet.outcomes["dead letter, with a reason"] > MESSAGES / 2
    assert sheet.outcomes["read all the same, as a job"] > 0
