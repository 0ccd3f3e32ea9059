"""The short form of `make fuzz ARGS="--messages 20000"`."""

from random import Random

import pytest

from tests.foreign import Foreign
from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fleet import Fleet
from tests.fuzz.foreign import MUTATIONS, Mutation, broken
from tests.fuzz.queue import run

pytest_plugins = ("tests.functional.fleet.conftest",)
MESSAGES = 300
MESSAGE = Foreign(body=b'[[], {"job_id": "a", "job": {"audio": {"url": "data:,"}}}, {}]')


@on_every_broker
def test_no_message_stops_a_worker(fleet: Fleet, broker: str) -> None:
    """Every broken message ends, as a dead letter or as the job that it still asks for; every good job is done."""
    sheet = run(fleet, broker, messages=MESSAGES, seed=14, say=lambda _: None)

    assert sheet.faults == []
    assert sheet.outcomes["dead letter, with a reason"] > MESSAGES / 2
    assert sheet.outcomes["read all the same, as a job"] > 0


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_mutation_repeats_itself(mutation: Mutation) -> None:
    """The same random numbers break a message in the same way, and none is too short to be broken."""
    once, again = (mutation(MESSAGE, Random(3)) for _ in range(2))

    assert once == again
    assert isinstance(mutation(Foreign(), Random(3)), Foreign)


def test_messages_are_broken_in_many_ways() -> None:
    """Another number makes another message, for each broker."""
    made = {str(broken(MESSAGE, Random(seed), is_redis=False)) for seed in range(60)}

    assert len(made) > 40
